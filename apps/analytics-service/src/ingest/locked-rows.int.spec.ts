import { randomUUID } from 'node:crypto';
import { streams } from '@mentorhub/contracts';
import type { TaskEvent } from '@mentorhub/task-store';
import { eventually, eventuallyPasses } from '@mentorhub/testing';
import { Client } from 'pg';
import { RunningAnalytics, taskEvent } from '../../test/running-analytics.js';

describe('What is told of tasks whose rows somebody keeps locked', () => {
  let analytics: RunningAnalytics;

  const eventOf = (taskId: string, kind: TaskEvent['kind']): TaskEvent => ({
    ...taskEvent('email.send', kind, new Date().toISOString()),
    taskId,
  });
  const inState = async (state: string) =>
    (
      await analytics.database.query<{ id: string }>('SELECT id FROM tasks.task WHERE state = $1 ORDER BY id', [state])
    ).map(({ id }) => id);
  const ids = (count: number) => Array.from({ length: count }, () => randomUUID()).sort();

  /** Holds locks while `meanwhile` goes on; then all is written and nothing was parked. */
  async function locking(sql: string, meanwhile: () => Promise<void>): Promise<void> {
    const holder = new Client({ connectionString: analytics.database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(sql);
      await meanwhile();
    } finally {
      await holder.end();
    }
    await analytics.untilDrained();
    expect(await analytics.database.query('SELECT FROM tasks.dead_letter')).toEqual([]);
  }

  beforeAll(async () => {
    analytics = await RunningAnalytics.start();
  });
  afterEach(() => analytics.forgetAll());
  afterAll(() => analytics?.stop());

  it.each([
    ['one', 1, 20],
    ['more than messages may wait', 120, 600],
  ])('waits by itself, and the others go on: %s', async (_, held, others) => {
    const [locked, free] = [ids(held), ids(others)];
    await analytics.tellTasks(locked.map((id) => eventOf(id, 'started')));
    await eventuallyPasses(async () => expect(await inState('started')).toEqual(locked));
    await locking('SELECT FROM tasks.task FOR UPDATE', async () => {
      // The first of them in one message with others.
      await analytics.tellTasks([...locked.slice(0, 1), ...free.slice(0, 10)].map((id) => eventOf(id, 'succeeded')));
      for (const id of [...locked.slice(1), ...free.slice(10)]) await analytics.tellTasks([eventOf(id, 'succeeded')]);
      await eventuallyPasses(async () => expect(await inState('succeeded')).toEqual(free));
      expect(await inState('started')).toEqual(locked);
    });
    expect(await inState('succeeded')).toEqual([...locked, ...free].sort());
  });

  it('is bounded while the whole table is locked', async () => {
    const { database, vhost } = analytics;
    const told = ids(600);
    const unacked = async () => (await vhost.management.queue(streams.taskEvents))?.messages_unacknowledged ?? 0;
    const rolledBack = async () => {
      const sql = 'SELECT xact_rollback::int AS count FROM pg_stat_database WHERE datname = current_database()';
      return (await database.query<{ count: number }>(sql))[0]!.count;
    };
    const before = await rolledBack();
    let most = 0;
    await locking('LOCK TABLE tasks.task IN EXCLUSIVE MODE', async () => {
      for (const id of told) await analytics.tellTasks([eventOf(id, 'succeeded')]);
      // All of it was tried, and tried again.
      await eventually(
        async () => {
          most = Math.max(most, await unacked());
          return most > 0 && (await rolledBack()) - before > 150;
        },
        { what: 'several tries' },
      );
    });
    expect(most).toBeLessThanOrEqual(50);
    expect(await inState('succeeded')).toEqual(told);
  });
});
