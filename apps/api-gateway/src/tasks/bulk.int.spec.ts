import { largestPayloadBytes } from '../http/body-limits.js';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';

const mailTo = (n: number) => ({
  task: 'email.send',
  payload: { to: `user${n}@example.com`, subject: `Mail ${n}`, content: 'Hello' },
});
const thousand = Array.from({ length: 1000 }, (_, n) => mailTo(n));

describe('accepting many tasks in one request', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const post = (tasks: unknown[]) => gateway.request('POST', '/v1/tasks/bulk', { tasks });
  const countTasks = async () =>
    Number((await gateway.database.query('SELECT count(*) FROM tasks.task'))[0]?.['count']);

  it('A7: accepts 1,000 tasks in one transaction and answers their ids in order', async () => {
    const accepted = await post(thousand);

    expect(accepted.status).toBe(202);
    expect(accepted.json.items).toHaveLength(1000);
    const ids = accepted.json.items.map(({ id }: { id: string }) => id);
    const rows = await gateway.database.query<{ id: string; body: string; transaction: string }>(
      `SELECT id, convert_from(payload, 'UTF8') AS body, xmin::text AS transaction FROM tasks.task WHERE id = ANY ($1)`,
      [ids],
    );
    expect(rows).toHaveLength(1000);
    const numberOf = new Map(rows.map(({ id, body }) => [id, JSON.parse(body).subject]));
    expect(ids.map((id: string) => numberOf.get(id))).toEqual(thousand.map(({ payload }) => payload.subject));
    expect(new Set(accepted.json.items.map(({ state }: { state: string }) => state))).toEqual(new Set(['queued']));
  });

  it('A7: accepts none when one of them is bad, and names it', async () => {
    const before = await countTasks();
    const bad = { task: 'email.send', payload: { to: 'nobody', subject: 'x', content: 'y' } };
    const refused = await post([...thousand.slice(0, 500), bad, ...thousand.slice(0, 400), { task: 'no.such' }]);

    expect(refused.status).toBe(422);
    expect(refused.json.errors.map(({ path }: { path: string }) => path)).toEqual([
      '/tasks/500/payload/to',
      '/tasks/901/task',
    ]);
    expect(await countTasks()).toBe(before);
  });

  it('A7: names a task whose shape is wrong', async () => {
    const refused = await post([mailTo(1), { ...mailTo(2), retries: 1 }]);

    expect(refused.status).toBe(422);
    expect(refused.json.errors).toEqual([{ path: '/tasks/1/retries', message: 'is not a known field' }]);
  });

  it.each([[[]], [[...thousand, mailTo(1000)]]])('refuses an empty list and more than 1,000', async (tasks) => {
    const refused = await post(tasks);
    expect(refused.status).toBe(422);
    expect(refused.json.errors[0].path).toBe('/tasks');
  });

  it('A8: refuses one payload over 256 KiB with 413 and names it, though the request may have 16 MiB', async () => {
    const large = {
      task: 'email.send',
      payload: { to: 'a@example.com', subject: 'x', content: '\u20ac'.repeat(87_000) },
    };
    expect((await post(Array.from({ length: 20 }, () => large))).status).toBe(202);

    const refused = await post([
      large,
      { ...large, payload: { ...large.payload, content: 'x'.repeat(largestPayloadBytes) } },
    ]);
    expect(refused.status).toBe(413);
    expect(refused.json.errors[0].path).toBe('/tasks/1/payload');
    expect((await gateway.send('/v1/tasks/bulk', `{"tasks":[${' '.repeat(16 * 1024 * 1024)}]}`)).status).toBe(413);
  });
});
