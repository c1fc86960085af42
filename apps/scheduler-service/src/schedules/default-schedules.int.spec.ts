import { catalogue } from '@mentorhub/contracts';
import type { TestDatabase } from '@mentorhub/testing';
import { createSchedulerDatabase } from '../../test/replica.js';
import { migrateDatabase } from '../database/migrate-database.js';

describe('the default schedules', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createSchedulerDatabase();
  });
  afterAll(() => database.remove());

  it('E43: clean up tokens at 03:00, count the day before at 01:00, and look for reminders each hour, all in UTC', async () => {
    // Judged by when they were made, which may be an hour ago: the run's databases are copies of one that was migrated first.
    const rows = await database.query(`
      SELECT name, task, cron, timezone, enabled, due_at = next_slot AS "withoutJitter", next_slot > moved_at AS ahead,
        next_slot <= moved_at + interval '1 day' AS soon, to_char(next_slot AT TIME ZONE 'UTC', 'HH24:MI:SS.US') AS at
      FROM scheduler.schedule ORDER BY name`);
    const common = { timezone: 'UTC', enabled: true, withoutJitter: true, ahead: true, soon: true };
    expect(rows).toEqual([
      {
        ...common,
        name: 'cleanup-expired-tokens-daily',
        task: 'accounts.cleanup-expired-tokens',
        cron: '0 3 * * *',
        at: '03:00:00.000000',
      },
      {
        ...common,
        name: 'generate-daily-stats',
        task: 'analytics.generate-daily-stats',
        cron: '0 1 * * *',
        at: '01:00:00.000000',
      },
      {
        ...common,
        name: 'send-session-reminders-hourly',
        task: 'sessions.send-reminders',
        cron: '0 * * * *',
        at: expect.stringMatching(/^\d\d:00:00\.000000$/),
      },
    ]);
  });

  it('E43: name tasks that there are, with payloads that fit', async () => {
    const rows = await database.query<{ task: string; payload: unknown }>(
      'SELECT task, payload FROM scheduler.schedule',
    );
    for (const { task, payload } of rows)
      expect(catalogue.tasks.get(task)?.payload.safeParse(payload).success).toBe(true);
  });

  it('E43: belong to the operator: what was changed or deleted stays so at the next start', async () => {
    await database.query(`DELETE FROM scheduler.schedule WHERE name = 'generate-daily-stats'`);
    await database.query(
      `UPDATE scheduler.schedule SET cron = '30 4 * * *' WHERE name = 'cleanup-expired-tokens-daily'`,
    );
    await expect(migrateDatabase(database.url)).resolves.toEqual([]);
    const rows = await database.query('SELECT name, cron FROM scheduler.schedule ORDER BY name');
    expect(rows).toEqual([
      { name: 'cleanup-expired-tokens-daily', cron: '30 4 * * *' },
      { name: 'send-session-reminders-hourly', cron: '0 * * * *' },
    ]);
  });
});
