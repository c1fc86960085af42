import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEmailSchema1764000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE email.suppression (
        address text NOT NULL CHECK (address = lower(address)),
        scope text NOT NULL CHECK (scope IN ('all', 'reminders')),
        reason text NOT NULL CHECK (reason IN ('hard-bounce', 'unsubscribed')),
        diagnostics text,
        task_id uuid NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (address, scope)
      );
      COMMENT ON TABLE email.suppression IS 'Addresses that get no mail, or none of a kind. Deleting a row lifts it.';
      COMMENT ON COLUMN email.suppression.diagnostics IS 'What the mail server answered.';
      COMMENT ON COLUMN email.suppression.task_id IS 'The mail that bounced, or the task email.unsubscribe.';`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE email.suppression');
  }
}
