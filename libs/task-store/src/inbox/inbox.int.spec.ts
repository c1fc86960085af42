import type { TestDatabase } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { Inbox, type TaskRun } from './inbox.js';

describe('The inbox', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const inbox = new Inbox();
  let task: TaskRun;

  const claim = (token: string = randomUUID(), seconds = 60, of = task) =>
    dataSource.transaction((tx) => inbox.claim(tx, of, token, seconds));
  const finish = (token: string, outcome: unknown = { said: 'done' }) =>
    inbox.finishClaim(dataSource.manager, task, token, 'succeeded', outcome);
  const expireClaims = () =>
    database.query(
      `UPDATE tasks.inbox SET claim_expires_at = clock_timestamp() - interval '1 s' WHERE state = 'claimed'`,
    );

  /** A transaction that stays open for as long as the test wants. */
  async function openTransaction(): Promise<QueryRunner> {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    return runner;
  }

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url);
  });

  beforeEach(() => {
    task = { taskId: randomUUID(), run: 1, attempt: 1 };
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  it('gives a run to the first that asks', async () => {
    expect(await claim()).toMatchObject({ kind: 'claimed', starts: 1 });
  });

  it('is busy for a second one while the claim holds', async () => {
    await claim();
    expect(await claim()).toMatchObject({ kind: 'busy' });
  });

  it('tells the stored outcome once the run has ended', async () => {
    const token = randomUUID();
    await claim(token);
    expect(await finish(token, { awkward: '\0 \ud800' })).toBe(true);
    expect(await claim()).toMatchObject({ kind: 'finished', outcome: { awkward: '\0 \ud800' } });
  });

  it('knows the outcomes of many, except of those whose task was replayed since', async () => {
    const outcomes = () => inbox.outcomesOf(dataSource.manager, [task.taskId, randomUUID()]);
    const token = randomUUID();
    await claim(token);
    expect(await outcomes()).toEqual([]);
    await finish(token);
    expect(await outcomes()).toEqual([{ said: 'done' }]);
    await database.query(
      `INSERT INTO tasks.task (id, run, name, version, queue, state, due_at) VALUES ($1, 2, 'n', 1, 'q', 'queued', now())`,
      [task.taskId],
    );
    expect(await outcomes()).toEqual([]);
  });

  it('gives another run of the same task', async () => {
    await claim();
    expect((await claim(randomUUID(), 60, { ...task, run: 2 })).kind).toBe('claimed');
  });

  it('B17: is busy without waiting while another transaction holds an uncommitted claim', async () => {
    const runner = await openTransaction();
    await inbox.claim(runner.manager, task, randomUUID(), 0);
    await dataSource.query(`SET lock_timeout = '50ms'`);
    expect(await Promise.all([claim(), claim(), claim()])).toEqual(
      Array(3).fill(expect.objectContaining({ kind: 'busy' })),
    );
    await runner.rollbackTransaction();
    await runner.release();
    expect((await claim()).kind).toBe('claimed');
  });

  it('gives one of two that ask at the same moment the run', async () => {
    const kinds = (await Promise.all([claim(), claim()])).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['busy', 'claimed']);
  });

  it('tells the stored outcome to any number that ask at the same moment', async () => {
    const token = randomUUID();
    await claim(token);
    await finish(token, 'done');
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
    expect(claims).toEqual(Array(8).fill(expect.objectContaining({ kind: 'finished', outcome: 'done' })));
  });

  it('hands an expired claim on, and the one that lost it can neither call nor finish', async () => {
    const lost = randomUUID();
    const token = randomUUID();
    await claim(lost);
    await expireClaims();
    expect(await claim(token)).toMatchObject({ kind: 'claimed', starts: 2 });
    expect(await inbox.startCalling(dataSource.manager, task, lost)).toBe(false);
    expect(await finish(lost)).toBe(false);
    expect(await inbox.startCalling(dataSource.manager, task, token)).toBe(true);
    expect(await finish(token)).toBe(true);
  });

  it('B18: says that it is ambiguous when the claim expired after the outside world was called', async () => {
    const dead = randomUUID();
    await claim(dead);
    expect(await inbox.startCalling(dataSource.manager, task, dead)).toBe(true);
    await expireClaims();
    expect(await claim()).toMatchObject({ kind: 'ambiguous', starts: 2 });
    expect((await claim()).kind).toBe('busy');
  });

  it('B18: stays ambiguous when whoever took it over died as well, or gave it back', async () => {
    const dead = randomUUID();
    await claim(dead);
    expect(await inbox.startCalling(dataSource.manager, task, dead)).toBe(true);
    await expireClaims();
    expect((await claim()).kind).toBe('ambiguous');
    await expireClaims();
    const third = randomUUID();
    expect((await claim(third)).kind).toBe('ambiguous');
    await inbox.release(dataSource.manager, task, third, true);
    const fourth = randomUUID();
    expect((await claim(fourth)).kind).toBe('ambiguous');
    await inbox.release(dataSource.manager, task, fourth, undefined);
    expect((await claim()).kind).toBe('ambiguous');
  });

  it('is busy while another worker looks at the same task, even when its claim has expired', async () => {
    await claim();
    await expireClaims();
    const runner = await openTransaction();
    await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [task.taskId]);
    expect(await claim()).toMatchObject({ kind: 'busy' });
    await runner.rollbackTransaction();
    await runner.release();
    expect((await claim()).kind).toBe('claimed');
  });

  it('never takes over a run whose outcome is being recorded at that moment', async () => {
    const slow = randomUUID();
    await claim(slow);
    await expireClaims();
    const runner = await openTransaction();
    await inbox.finishClaim(runner.manager, task, slow, 'succeeded', 'slow');
    expect(await claim()).toMatchObject({ kind: 'busy' });
    await runner.commitTransaction();
    await runner.release();
    expect(await claim()).toMatchObject({ kind: 'finished', outcome: 'slow' });
  });

  it('forgets runs that ended long ago, and no others', async () => {
    const long = { ...task, taskId: randomUUID() };
    const open = { ...task, taskId: randomUUID() };
    for (const ended of [task, long]) {
      const token = randomUUID();
      await claim(token, 60, ended);
      await inbox.finishClaim(dataSource.manager, ended, token, 'succeeded', null);
    }
    await claim(randomUUID(), 60, open);
    await database.query(
      `UPDATE tasks.inbox SET updated_at = clock_timestamp() - interval '31 days' WHERE task_id = ANY ($1)`,
      [[long.taskId, open.taskId]],
    );
    expect(await inbox.prune(dataSource.manager, 30, 100)).toBe(1);
    expect((await claim(randomUUID(), 60, long)).kind).toBe('claimed');
    expect((await claim()).kind).toBe('finished');
    expect((await claim(randomUUID(), 60, open)).kind).toBe('busy');
  });

  it('forgets, so many at once, also what never ended here, unless its task still waits for it', async () => {
    const insert = (state: string, daysAgo: number, taskState: string | null) =>
      database.query(
        `WITH made AS (
           INSERT INTO tasks.inbox (task_id, run, attempt, state, claim_expires_at, updated_at)
           SELECT gen_random_uuid(), 1, 1, $1, CASE WHEN $1 = 'claimed' THEN since END, since
           FROM (SELECT now() - make_interval(days => $2) AS since) s RETURNING task_id
         )
         INSERT INTO tasks.task (id, name, version, queue, state, due_at, finished_at)
         SELECT task_id, 'n', 1, 'q', $3::text, now(), CASE WHEN $3 <> 'queued' THEN now() END FROM made WHERE $3 IS NOT NULL`,
        [state, daysAgo, taskState],
      );
    for (const state of ['claimed', 'retrying']) {
      await insert(state, 31, 'failed');
      await insert(state, 31, 'revoked');
      await insert(state, 31, null);
      await insert(state, 31, 'queued');
      await insert(state, 29, 'failed');
      await insert(state, 29, null);
    }
    const deleted: number[] = [];
    for (let n = 0; n < 3; n += 1) deleted.push(await inbox.prune(dataSource.manager, 30, 4));
    expect(deleted).toEqual([4, 2, 0]);
  });

  it('B19: fails to finish in a transaction that a swallowed SQL error has aborted', async () => {
    const attempt = dataSource.transaction(async (tx) => {
      await inbox.claim(tx, task, randomUUID(), 0);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
      await inbox.succeed(tx, task, null);
    });
    await expect(attempt).rejects.toThrow('current transaction is aborted');
    expect((await claim()).kind).toBe('claimed');
  });

  it('lets no call begin under a claim that has run out: somebody else may have taken it for none', async () => {
    const token = randomUUID();
    await claim(token);
    expect(await inbox.startCalling(dataSource.manager, task, token)).toBe(true);
    await expireClaims();
    expect(await inbox.startCalling(dataSource.manager, task, token)).toBe(false);
  });
});
