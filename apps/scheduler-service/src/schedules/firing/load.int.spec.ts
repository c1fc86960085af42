import { eventually, sized, type TestDatabase } from '@mentorhub/testing';
import { createSchedulerDatabase, Replica } from '../../../test/replica.js';

const count = sized({ short: 1_000, full: 10_000 });
const replicaCount = 2;

/** Figures of a quiet machine stand in docs/schedules.md; here only what must hold on any. */
describe('many schedules that are due in the same second', () => {
  let database: TestDatabase;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    database = await createSchedulerDatabase();
    await database.query('DELETE FROM scheduler.schedule');
    for (let n = 0; n < replicaCount; n++) replicas.push(await Replica.create(database));
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await database.remove();
  });

  it('fire once each, within bounds', async () => {
    await database.query(
      `INSERT INTO scheduler.schedule (name, task, cron, timezone, next_slot, due_at)
       SELECT 'many-' || n, 'accounts.cleanup-expired-tokens', '30 2 * * *', 'Europe/Berlin', slot, slot
       FROM generate_series(1, $1) AS n,
         (SELECT date_trunc('milliseconds', clock_timestamp()) + interval '2 s' AS slot) AS soon`,
      [count],
    );
    for (const { loop } of replicas) loop.start();
    await untilFired();
    const [figures] = await database.query<{ tasks: string; ids: string; p50: number; p99: number; most: number }>(`
      WITH drift AS (
        SELECT t.id, extract(epoch FROM t.accepted_at - s.last_slot)::float8 AS seconds
        FROM scheduler.schedule s JOIN tasks.task t ON t.id = s.last_task_id
      )
      SELECT (SELECT count(*) FROM tasks.task) AS tasks, count(DISTINCT id) AS ids, max(seconds) AS most,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS p99
      FROM drift`);
    expect(figures).toMatchObject({ tasks: String(count), ids: String(count) });
    expect(figures!.p99).toBeLessThan(30);
    process.stdout.write(`${count} schedules, ${replicaCount} schedulers: ${JSON.stringify(figures)}\n`);
  });

  async function untilFired(): Promise<void> {
    const left = async () =>
      Number((await database.query('SELECT count(*) FROM scheduler.schedule WHERE last_slot IS NULL'))[0]?.['count']);
    await eventually(async () => (await left()) === 0, { intervalMilliseconds: 100 });
  }
});
