import { randomUUID } from 'node:crypto';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

const mail = { to: 'ann@example.com', subject: 'Hello', content: 'Text' };

describe('revoking and moving tasks', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway(); // without a broker and without a worker
  });

  afterAll(() => gateway?.stop());

  const accept = async (more: object = {}): Promise<string> =>
    (await gateway.request('POST', '/v1/tasks', { task: 'email.send', payload: mail, ...more })).json.id;
  const revoke = (id: string, body?: unknown) => gateway.request('POST', `/v1/tasks/${id}/revoke`, body);
  const move = (id: string, eta: unknown) => gateway.request('PATCH', `/v1/tasks/${id}`, { eta });

  it.each([
    ['scheduled', { countdown: 3600 }],
    ['due and not published', {}],
  ])('C30: answers 200 at once for a task that is %s, with the broker down', async (_, more) => {
    const id = await accept(more);
    expect(await revoke(id)).toMatchObject({ status: 200, json: { id, state: 'revoked' } });
    const shown = (await gateway.request('GET', `/v1/tasks/${id}`)).json;
    expect(shown).toMatchObject({ state: 'revoked', publishedAt: null, timeline: [{ kind: 'revoked' }] });
    expect(await gateway.request('GET', `/v1/tasks/${id}/result`)).toMatchObject({
      status: 200,
      json: { state: 'revoked' },
    });
  });

  it.each([
    ['upper case', () => randomUUID().toUpperCase()],
    ['no version that RFC 9562 knows', () => randomUUID().replace(/^(.{14})4(.{4})./, '$1f$20')],
  ])('reads, moves and revokes a task by an id of %s, and answers it in lower case', async (_, make) => {
    const asked = make();
    const id = asked.toLowerCase();
    const { json: made } = await gateway.request('POST', '/v1/tasks', {
      task: 'email.send',
      payload: mail,
      countdown: 3600,
    });
    await gateway.database.query('UPDATE tasks.task SET id = $2 WHERE id = $1', [made.id, id]);
    expect(await gateway.request('GET', `/v1/tasks/${asked}`)).toMatchObject({ status: 200, json: { id } });
    expect((await gateway.request('GET', `/v1/tasks/${asked}/result`)).status).toBe(202);
    expect(await move(asked, '2030-01-01T00:00:00Z')).toMatchObject({ status: 200, json: { id } });
    expect(await revoke(asked)).toMatchObject({ status: 200, json: { id, state: 'revoked' } });
  });

  it('C31: answers 202 while a worker runs it', async () => {
    const id = await accept();
    await gateway.database.query(
      `INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
       VALUES ($1, 1, 1, 'claimed', gen_random_uuid(), 'calling', clock_timestamp() + interval '1 h')`,
      [id],
    );
    await gateway.database.query(`UPDATE tasks.task SET published_at = clock_timestamp() WHERE id = $1`, [id]);
    expect(await revoke(id, { terminate: true })).toMatchObject({ status: 202, json: { id, state: 'revoking' } });
  });

  it('C32: answers 409 with the state for a task that has ended', async () => {
    const id = await accept();
    await revoke(id, {});
    for (const refused of [await revoke(id), await move(id, '2030-01-01T00:00:00Z')])
      expect(refused).toMatchObject({ status: 409, json: { detail: 'The task has ended already: it is revoked.' } });
  });

  it('C32: moves a scheduled task, and answers 409 once it is published', async () => {
    const id = await accept({ countdown: 3600 });
    const moved = await move(id, '2030-01-01T00:00:00+01:00');
    expect(moved).toMatchObject({ status: 200, json: { id, state: 'scheduled', dueAt: '2029-12-31T23:00:00.000Z' } });
    await gateway.database.query(`UPDATE tasks.task SET published_at = clock_timestamp() WHERE id = $1`, [id]);
    expect(await move(id, '2031-01-01T00:00:00Z')).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('given to a worker already') },
    });
  });

  it.each([
    ['an unknown id', () => randomUUID(), {}, 404],
    ['an id that is no UUID', () => 'x', {}, 404],
    ['an unknown field', () => accept({ countdown: 60 }), { kill: true }, 422],
    ['terminate that is no boolean', () => accept({ countdown: 60 }), { terminate: 'yes' }, 422],
  ])('refuses %s', async (_, id, body, status) => {
    expect((await revoke(await id(), body)).status).toBe(status);
  });

  it.each([['soon'], [5], [undefined], ['2030-01-01']])('refuses to move a task to %p', async (eta) => {
    const refused = await move(await accept({ countdown: 60 }), eta);
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ path: '/eta' }] } });
  });
});
