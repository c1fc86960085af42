import { eventually } from '@mentorhub/testing';
import { largestPayloadBytes } from '../http/body-limits.js';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

const mail = { to: 'ann@example.com', subject: 'Hello', content: 'Hello Ann' };

describe('accepting tasks', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const post = (body: unknown) => gateway.request('POST', '/v1/tasks', body);
  const countTasks = async () =>
    Number((await gateway.database.query('SELECT count(*) FROM tasks.task'))[0]?.['count']);

  it('A1: answers 202 with an id that can be read straight after', async () => {
    const accepted = await post({ task: 'email.send', payload: mail });

    expect(accepted.status).toBe(202);
    expect(accepted.json).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), state: 'queued' });
    expect(accepted.headers.get('location')).toBe(`/v1/tasks/${accepted.json.id}`);
    const read = await gateway.request('GET', `/v1/tasks/${accepted.json.id}`);
    expect(read.status).toBe(200);
    expect(read.json).toMatchObject({
      id: accepted.json.id,
      task: 'email.send',
      version: 1,
      state: 'queued',
      queue: 'email',
      run: 1,
      attempt: 1,
      payload: mail,
      finishedAt: null,
      timeline: [],
    });
  });

  it('A1: keeps a row for a task with idempotent effects too, so that its id can be read', async () => {
    const accepted = await post({ task: 'accounts.cleanup-expired-tokens' });

    expect(accepted.status).toBe(202);
    expect((await gateway.request('GET', `/v1/tasks/${accepted.json.id}`)).json).toMatchObject({
      queue: 'default-bulk',
      payload: {},
    });
  });

  it('A2: refuses an unknown task with close names, and stores nothing', async () => {
    const before = await countTasks();
    const refused = await post({ task: 'email.sned', payload: mail });

    expect(refused.status).toBe(422);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.json).toMatchObject({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      errors: [
        {
          path: '/task',
          message: expect.stringContaining('; there is email.send'),
          suggestions: expect.arrayContaining(['email.send']),
        },
      ],
    });
    expect(await countTasks()).toBe(before);
  });

  it('A2: names the path of every fault of a payload, unknown fields included', async () => {
    const refused = await post({ task: 'email.send', payload: { to: 'nobody', subject: 'two\r\nlines', extra: 1 } });

    expect(refused.status).toBe(422);
    expect(refused.json.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      '/payload/content',
      '/payload/extra',
      '/payload/subject',
      '/payload/to',
    ]);
  });

  it.each([
    ['an unknown field', { retries: 1 }, '/retries'],
    ['a retry policy that cannot be', { retry: { maxRetries: -1 } }, '/retry/maxRetries'],
    ['an unknown part of a retry policy', { retry: { times: 3 } }, '/retry/times'],
    ['a retry policy with an unknown jitter', { retry: { jitter: 'some' } }, '/retry/jitter'],
    ['eta beside countdown', { eta: '2030-01-01T00:00:00Z', countdown: 5 }, '/countdown'],
    ['an eta without a zone', { eta: '2030-01-01T00:00:00' }, '/eta'],
    ['an eta that is a number', { eta: 5 }, '/eta'],
    ['a countdown beyond ten years', { countdown: 1e12 }, '/countdown'],
    ['expires that is no time', { expires: 'soon' }, '/expires'],
    ['a queue that does not exist', { queue: 'nowhere' }, '/queue'],
    ['a queue that none of its handlers consumes', { queue: 'default' }, '/queue'],
    ['a payload that is no object', { payload: [] }, '/payload'],
  ])('A2: refuses %s with 422 at its path', async (_what, part, path) => {
    const refused = await post({ task: 'email.send', payload: mail, ...part });

    expect(refused.status).toBe(422);
    expect(refused.json.errors[0].path).toBe(path);
  });

  it('A2: answers 400 for a body that is not JSON', async () => {
    const refused = await gateway.send('/v1/tasks', '{"task": ');

    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ status: 400, title: 'Bad Request' });
  });

  it('accepts a countdown, an eta and an expiry, and shows when the task is due', async () => {
    const counted = await post({
      task: 'email.send',
      payload: mail,
      countdown: 3600,
      expires: 7200,
      queue: 'email-bulk',
    });
    const dated = await post({
      task: 'email.send',
      payload: mail,
      eta: '2031-05-01T12:00:00+02:00',
      expires: '2031-05-01T13:00:00Z',
    });

    expect(counted.json.state).toBe('scheduled');
    const first = (await gateway.request('GET', `/v1/tasks/${counted.json.id}`)).json;
    expect((Date.parse(first.dueAt) - Date.parse(first.acceptedAt)) / 1000).toBeCloseTo(3600, 0);
    expect(Date.parse(first.expiresAt)).toBeGreaterThan(Date.parse(first.dueAt));
    expect(first.queue).toBe('email-bulk');
    const second = (await gateway.request('GET', `/v1/tasks/${dated.json.id}`)).json;
    expect(second).toMatchObject({ dueAt: '2031-05-01T10:00:00.000Z', expiresAt: '2031-05-01T13:00:00.000Z' });
  });

  it.each([{ countdown: -5 }, { countdown: 0 }, { eta: '2001-01-01T00:00:00Z' }])('takes %p as now', async (when) => {
    expect((await post({ task: 'email.send', payload: mail, ...when })).json.state).toBe('queued');
  });

  it('A8: accepts a payload of exactly 256 KiB and refuses one more byte with 413', async () => {
    // A character of three bytes, since the content is limited in characters.
    const content = (bytes: number) => '\u20ac'.repeat(Math.floor(bytes / 3)) + 'x'.repeat(bytes % 3);
    const frame = Buffer.byteLength(JSON.stringify({ ...mail, content: '' }));
    const room = largestPayloadBytes - frame;

    expect((await post({ task: 'email.send', payload: { ...mail, content: content(room) } })).status).toBe(202);
    const refused = await post({ task: 'email.send', payload: { ...mail, content: content(room + 1) } });
    expect(refused.status).toBe(413);
    expect(refused.json.errors[0].path).toBe('/payload');
    const huge = await post({ task: 'email.send', payload: { ...mail, content: 'x'.repeat(2 * largestPayloadBytes) } });
    expect(huge.status).toBe(413);
    expect(huge.json.title).toBe('Payload Too Large');
  });

  it('shows sensitive fields as encrypted, and they are encrypted in the row', async () => {
    const token = 'A'.repeat(43);
    const payload = { email: 'ann@example.com', username: 'Ann', token, locale: 'en' };
    const { id } = (await post({ task: 'email.send-verification', payload })).json;

    const read = await gateway.request('GET', `/v1/tasks/${id}`);
    expect(read.json.payload).toEqual({ ...payload, token: '[encrypted]' });
    const rows = await gateway.database.query('SELECT payload FROM tasks.task WHERE id = $1', [id]);
    expect(String(rows[0]?.['payload'])).not.toContain(token);
  });

  it.each([
    ['nonsense', '"nonsense" is no id of a task, which is a UUID.'],
    ['%00', '"\\u0000" is no id of a task, which is a UUID.'],
    ['00000000-0000-4000-8000-000000000000', 'There is no task 00000000-0000-4000-8000-000000000000.'],
  ])('answers 404 for the task %s', async (id, detail) => {
    for (const path of [`/v1/tasks/${id}`, `/v1/tasks/${id}/result`])
      expect(await gateway.request('GET', path)).toMatchObject({ status: 404, json: { detail } });
  });

  it('lists the task types with their JSON Schemas', async () => {
    const { status, json } = await gateway.request('GET', '/v1/task-types');

    expect(status).toBe(200);
    const send = json.items.find(({ name }: { name: string }) => name === 'email.send');
    expect(send).toMatchObject({
      version: 1,
      queue: 'email',
      effects: 'external',
      payload: { type: 'object', additionalProperties: false },
    });
  });

  describe('the result', () => {
    const finish = (id: string, state: string, values: { result?: unknown; error?: unknown }) =>
      gateway.database.query(
        'UPDATE tasks.task SET state = $2, result = $3, error = $4, finished_at = now(), published_at = now() WHERE id = $1',
        [id, state, JSON.stringify(values.result), JSON.stringify(values.error)],
      );

    it('is 202 with the state before the end, and at once without a wait', async () => {
      const { id } = (await post({ task: 'email.send', payload: mail, countdown: 60 })).json;
      const result = await gateway.request('GET', `/v1/tasks/${id}/result`);

      expect(result.status).toBe(202);
      expect(result.json).toEqual({ state: 'scheduled' });
    });

    it('is answered as soon as the task ends, well before the wait is over', async () => {
      const { id } = (await post({ task: 'email.send', payload: mail, countdown: 60 })).json;
      const polling = gateway.request('GET', `/v1/tasks/${id}/result?wait=60`);
      await finish(id, 'succeeded', { result: { messageId: '<1@test>' } });
      const started = performance.now();
      const result = await polling;

      expect(result.status).toBe(200);
      expect(result.json).toEqual({ state: 'succeeded', result: { messageId: '<1@test>' } });
      expect(performance.now() - started).toBeLessThan(50_000);
    });

    it('holds the error of a task that failed', async () => {
      const { id } = (await post({ task: 'email.send', payload: mail, countdown: 60 })).json;
      await finish(id, 'failed', { error: { name: 'MailRefused', message: 'No such mailbox.' } });

      const result = await gateway.request('GET', `/v1/tasks/${id}/result?wait=5`);
      expect(result).toMatchObject({
        status: 200,
        json: { state: 'failed', error: { name: 'MailRefused', message: 'No such mailbox.' } },
      });
      expect((await gateway.request('GET', `/v1/tasks/${id}`)).json.error.name).toBe('MailRefused');
    });

    it.each(['61', '-1', 'x', ''])('is refused with 422 for wait=%s', async (wait) => {
      const { id } = (await post({ task: 'email.send', payload: mail, countdown: 60 })).json;
      expect((await gateway.request('GET', `/v1/tasks/${id}/result?wait=${wait}`)).status).toBe(422);
    });
  });

  it('A6: shows how often publishing was tried, and that it is stuck past the limit', async () => {
    const { id } = (await post({ task: 'email.send', payload: mail, countdown: 600 })).json;
    await gateway.database.query(
      `UPDATE tasks.task SET publish_attempts = 11, publish_error = 'returned' WHERE id = $1`,
      [id],
    );

    const read = await eventually(() => gateway.request('GET', `/v1/tasks/${id}`));
    expect(read.json.publishing).toEqual({ attempts: 11, error: 'returned', stuck: true });
  });
});
