import { DataSource } from 'typeorm';
import { otherApiKey, startGateway, type RunningGateway } from '../../test/running-gateway.js';

const task = { task: 'email.send', payload: { to: 'ann@example.com', subject: 'Hello', content: 'Hello Ann' } };

describe('the Idempotency-Key', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const post = (path: string, body: unknown, key: string, headers: Record<string, string> = {}) =>
    gateway.request('POST', path, body, { 'idempotency-key': key, ...headers });
  const count = async (table: string) =>
    Number((await gateway.database.query(`SELECT count(*) FROM ${table}`))[0]?.['count']);

  it.each([
    ['/v1/tasks', task, 'tasks.task'],
    ['/v1/tasks/bulk', { tasks: [task, task] }, 'tasks.task'],
    ['/v1/users', { email: 'key@example.com', username: 'key' }, 'gateway.user_account'],
    ['/v1/email-verifications', { email: 'key@example.com' }, 'tasks.task'],
    ['/v1/password-resets', { email: 'key@example.com' }, 'tasks.task'],
  ])('A4: gives the same answer twice to POST %s and does the work once', async (path, body, table) => {
    const first = await post(path, body, 'twice');
    const after = await count(table);
    const second = await post(path, body, 'twice');

    expect(first.status).toBeLessThan(300);
    expect(second.status).toBe(first.status);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await count(table)).toBe(after);
  });

  it('A4: is not in the way of another stranger who chose the same one', async () => {
    const emails = ['one@example.com', 'two@example.com'];
    const answers = await Promise.all(
      emails.map((email) => post('/v1/password-resets', { email }, 'everybody-s', { authorization: '' })),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, null]);
  });

  it('A4: gives one answer to twenty requests at the same moment and does the work once', async () => {
    const before = await count('tasks.task');
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/v1/tasks', task, 'at-once')));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await count('tasks.task')).toBe(before + 1);
  });

  it('A4: answers 409 to another body, but neither to other blanks nor to another order of fields', async () => {
    await post('/v1/tasks', task, 'other-body');
    const conflict = await post('/v1/tasks', { ...task, countdown: 5 }, 'other-body');

    expect(conflict.status).toBe(409);
    expect(conflict.json.detail).toContain('Idempotency-Key');
    const { payload } = task;
    const reordered = `{ "payload": {"content": "${payload.content}", "subject":"${payload.subject}", "to":"${payload.to}"}, "task": "email.send" }`;
    expect((await gateway.send('/v1/tasks', reordered, { 'idempotency-key': 'other-body' })).status).toBe(202);
  });

  it('keeps the keys of two callers and of two routes apart', async () => {
    const mine = await post('/v1/tasks', task, 'shared');
    const theirs = await post('/v1/tasks', { ...task, countdown: 9 }, 'shared', {
      authorization: `Bearer ${otherApiKey}`,
    });
    const bulk = await post('/v1/tasks/bulk', { tasks: [task] }, 'shared');

    expect([mine.status, theirs.status, bulk.status]).toEqual([202, 202, 202]);
    expect(theirs.json.id).not.toBe(mine.json.id);
  });

  it('does not remember a request that was refused', async () => {
    const body = { email: 'second@example.com', username: 'second' };
    await gateway.request('POST', '/v1/users', { email: 'first@example.com', username: 'second' });
    expect((await post('/v1/users', body, 'refused')).status).toBe(409);
    await gateway.database.query(`DELETE FROM gateway.user_account WHERE username = 'second'`);

    const second = await post('/v1/users', body, 'refused');
    expect(second.status).toBe(201);
    expect(second.headers.get('idempotent-replayed')).toBeNull();
  });

  it('A4: lets a request wait 10 s at most for the one before it, then answers 503, and the key can be used again', async () => {
    const body = { email: 'slow@example.com', username: 'slow' };
    const runner = gateway.service.app.get(DataSource).createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE gateway.user_account IN EXCLUSIVE MODE');
    const answers = await Promise.all([post('/v1/users', body, 'slow'), post('/v1/users', body, 'slow')]);
    await runner.rollbackTransaction();
    await runner.release();

    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await post('/v1/users', body, 'slow')).status).toBe(201);
  });

  it('forgets a key after 24 hours', async () => {
    const first = await post('/v1/tasks', task, 'yesterday');
    await gateway.database.query(
      `UPDATE gateway.idempotency_key SET created_at = now() - interval '24 hours 1 second'`,
    );
    const second = await post('/v1/tasks', { ...task, countdown: 7 }, 'yesterday');

    expect(second.status).toBe(202);
    expect(second.json.id).not.toBe(first.json.id);
  });

  it('stores the key and the body as hashes only', async () => {
    await post('/v1/tasks', task, 'a-secret-key');
    const rows = await gateway.database.query('SELECT row_to_json(k)::text AS row FROM gateway.idempotency_key k');

    expect(rows.map(({ row }) => row).join()).not.toMatch(/a-secret-key|ann@example/);
  });

  it.each(['', ' ', 'two words', 'x'.repeat(256)])('refuses the key "%s" with 422', async (key) => {
    expect((await post('/v1/tasks', task, key)).status).toBe(422);
  });
});
