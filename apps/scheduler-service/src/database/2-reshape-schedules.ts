import { GenerateDailyStats, SendSessionReminders } from '@mentorhub/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ReshapeSchedules1763900300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(newColumns);
    await runner.query(defaults, [GenerateDailyStats.name, SendSessionReminders.name]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM scheduler.schedule WHERE cron IS NULL;
      ALTER TABLE scheduler.schedule
        DROP COLUMN every_seconds, DROP COLUMN at, DROP COLUMN starts_at, DROP COLUMN ends_at, DROP COLUMN anchor,
        DROP COLUMN jitter_seconds, DROP COLUMN misfire, DROP COLUMN misfire_cap, DROP COLUMN overlap,
        DROP COLUMN overlap_max_age_seconds, DROP COLUMN version, DROP COLUMN due_at, DROP COLUMN moved_at,
        DROP COLUMN last_slot, DROP COLUMN last_fired_at, DROP COLUMN last_task_id,
        ALTER COLUMN cron SET NOT NULL;
      CREATE INDEX schedule_next_slot ON scheduler.schedule (next_slot) WHERE enabled`);
  }
}

const newColumns = `
  ALTER TABLE scheduler.schedule
    ALTER COLUMN cron DROP NOT NULL,
    ADD COLUMN every_seconds integer CHECK (every_seconds > 0),
    ADD COLUMN at timestamptz,
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN anchor timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ADD COLUMN jitter_seconds float8 NOT NULL DEFAULT 0,
    ADD COLUMN misfire text NOT NULL DEFAULT 'fire-once' CHECK (misfire IN ('skip', 'fire-once', 'fire-all')),
    ADD COLUMN misfire_cap integer NOT NULL DEFAULT 100,
    ADD COLUMN overlap text NOT NULL DEFAULT 'allow' CHECK (overlap IN ('allow', 'skip')),
    ADD COLUMN overlap_max_age_seconds integer NOT NULL DEFAULT 86400,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN last_slot timestamptz,
    ADD COLUMN last_fired_at timestamptz,
    ADD COLUMN last_task_id uuid,
    ADD CONSTRAINT schedule_one_timing CHECK (num_nonnulls(cron, every_seconds, at) = 1);
  UPDATE scheduler.schedule SET due_at = next_slot;
  COMMENT ON COLUMN scheduler.schedule.anchor IS 'The first slot of an interval that has no start.';
  COMMENT ON COLUMN scheduler.schedule.version IS 'Raised by every change that somebody makes, not by firing.';
  COMMENT ON COLUMN scheduler.schedule.due_at IS 'When the next slot fires: the slot and its jitter.';
  COMMENT ON COLUMN scheduler.schedule.moved_at IS 'When the next slot was chosen; a later time than now means that the clock went back.';
  DROP INDEX scheduler.schedule_next_slot;
  CREATE INDEX schedule_due ON scheduler.schedule (due_at) WHERE enabled;`;

/* Written once, like the first one: they belong to the operator, who may change or delete them for good. */
const defaults = `
  INSERT INTO scheduler.schedule (name, task, cron, timezone, next_slot, due_at)
  SELECT name, task, cron, 'UTC', slot AT TIME ZONE 'UTC', slot AT TIME ZONE 'UTC'
  FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS utc) clock,
    LATERAL (VALUES
      ('generate-daily-stats', $1, '0 1 * * *', date_trunc('day', utc - interval '1 h') + interval '25 h'),
      ('send-session-reminders-hourly', $2, '0 * * * *', date_trunc('hour', utc) + interval '1 h')
    ) AS added (name, task, cron, slot)
  ON CONFLICT (name) DO NOTHING`;
