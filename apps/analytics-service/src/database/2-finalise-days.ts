import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FinaliseDays1763900300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(subjects);
    await runner.query(countedMails);
    await runner.query(finalDays);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE analytics.final_day, analytics.counted_mail;
      DELETE FROM analytics.daily_count WHERE subject <> '';
      ALTER TABLE analytics.daily_count DROP CONSTRAINT daily_count_pkey, DROP COLUMN subject, ADD PRIMARY KEY (day, kind)`);
  }
}

const subjects = `
  ALTER TABLE analytics.daily_count
    ADD COLUMN subject text NOT NULL DEFAULT '', DROP CONSTRAINT daily_count_pkey, ADD PRIMARY KEY (day, kind, subject);
  COMMENT ON COLUMN analytics.daily_count.subject IS 'Of mails the task, such as email.send-verification.'`;

const countedMails = `
  CREATE TABLE analytics.counted_mail (
    event_id uuid PRIMARY KEY,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  COMMENT ON TABLE analytics.counted_mail IS 'Task events that were counted, so that none is counted twice; kept for 30 days.';
  CREATE INDEX counted_mail_age ON analytics.counted_mail (counted_at)`;

const finalDays = `
  CREATE TABLE analytics.final_day (
    day date PRIMARY KEY,
    finalised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    corrected_at timestamptz,
    digest_at timestamptz
  );
  COMMENT ON COLUMN analytics.final_day.corrected_at IS 'When an event was last counted after the day was finalised.';
  COMMENT ON COLUMN analytics.final_day.digest_at IS 'When its digest was enqueued.'`;
