import { CleanupExpiredTokens } from '@mentorhub/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSchedulerSchema1763800300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(scheduleTable);
    await runner.query(dailyCleanup, [CleanupExpiredTokens.name]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE scheduler.schedule');
  }
}

const scheduleTable = `
  CREATE TABLE scheduler.schedule (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    task text NOT NULL,
    payload json NOT NULL DEFAULT '{}',
    cron text NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    enabled boolean NOT NULL DEFAULT true,
    next_slot timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  COMMENT ON COLUMN scheduler.schedule.next_slot IS 'Null: its rule has no slot to come, or cannot be read.';
  COMMENT ON COLUMN scheduler.schedule.updated_at IS 'When somebody changed it; moving on to the next slot is no change.';
  CREATE INDEX schedule_next_slot ON scheduler.schedule (next_slot) WHERE enabled;`;

/* Written once, here: from now on it belongs to the operator, who may change or delete it for good. */
const dailyCleanup = `
  INSERT INTO scheduler.schedule (name, task, cron, timezone, next_slot)
  SELECT 'cleanup-expired-tokens-daily', $1, '0 3 * * *', 'UTC',
    (CASE WHEN today + interval '3 h' > utc THEN today ELSE today + interval '1 day' END + interval '3 h') AT TIME ZONE 'UTC'
  FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS utc) clock, LATERAL (SELECT date_trunc('day', utc) AS today) day
  ON CONFLICT (name) DO NOTHING`;
