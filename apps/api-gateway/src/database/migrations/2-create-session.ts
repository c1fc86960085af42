import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSession1763900100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sessionTable);
    await runner.query(movedTrigger);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE gateway.session; DROP FUNCTION gateway.raise_session_version()');
  }
}

/* Milliseconds, as JSON and JavaScript have them: a cursor made of a start finds its place again. */
const sessionTable = `
  CREATE TABLE gateway.session (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    student_id uuid NOT NULL REFERENCES gateway.user_account (id),
    mentor_id uuid NOT NULL REFERENCES gateway.user_account (id),
    starts_at timestamptz(3) NOT NULL,
    duration_minutes integer NOT NULL CHECK (duration_minutes BETWEEN 1 AND 1440),
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    reminded_version integer,
    cancelled_at timestamptz(3),
    held_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    CHECK (student_id <> mentor_id)
  );
  COMMENT ON COLUMN gateway.session.version IS 'Raised by each move, also by one that is made in SQL.';
  COMMENT ON COLUMN gateway.session.reminded_version IS 'The version that its reminder was enqueued for.';
  COMMENT ON COLUMN gateway.session.held_at IS 'When it ended; set once that has been told.';
  CREATE INDEX session_start ON gateway.session (starts_at, id);
  CREATE INDEX session_unreminded ON gateway.session (starts_at, id)
    WHERE cancelled_at IS NULL AND reminded_version IS DISTINCT FROM version;
  CREATE INDEX session_unheld ON gateway.session (starts_at) WHERE cancelled_at IS NULL AND held_at IS NULL;
  CREATE INDEX session_student ON gateway.session (student_id);
  CREATE INDEX session_mentor ON gateway.session (mentor_id);`;

/* A reminder is one version's: without this, one that is due at the old start would take a session moved by SQL for its own. */
const movedTrigger = `
  CREATE FUNCTION gateway.raise_session_version() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
  END $$;
  CREATE TRIGGER session_moved BEFORE UPDATE OF starts_at ON gateway.session FOR EACH ROW
    WHEN (NEW.starts_at <> OLD.starts_at AND NEW.version = OLD.version)
    EXECUTE FUNCTION gateway.raise_session_version()`;
