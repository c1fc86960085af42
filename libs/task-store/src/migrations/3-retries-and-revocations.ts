import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Attempts after the first, tombstones, starts that are counted, and the claim of a delivery as one function. */
export class RetriesAndRevocations1763890000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tasks.task ADD COLUMN deferrals integer NOT NULL DEFAULT 0`);
    await runner.query(inboxColumns);
    await runner.query(revocationTable);
    await runner.query(claimFunction);
    await runner.query(revokeFunction);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION tasks.revoke(uuid, boolean, boolean);
      DROP FUNCTION tasks.claim(uuid, integer, integer, uuid, float8);
      DROP TABLE tasks.revocation;
      DELETE FROM tasks.inbox WHERE state IN ('retrying', 'revoked');
      ALTER TABLE tasks.inbox DROP COLUMN starts, DROP CONSTRAINT inbox_state_check,
        ADD CONSTRAINT inbox_state_check CHECK (state IN ('claimed', 'succeeded', 'failed'));
      ALTER TABLE tasks.task DROP COLUMN deferrals`);
  }
}

const inboxColumns = `
  ALTER TABLE tasks.inbox ADD COLUMN starts integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT inbox_state_check,
    ADD CONSTRAINT inbox_state_check CHECK (state IN ('claimed', 'retrying', 'succeeded', 'failed', 'revoked'));
  COMMENT ON COLUMN tasks.inbox.starts IS 'Starts of this attempt that were committed and have not ended: a worker died in each.';
  COMMENT ON COLUMN tasks.task.deferrals IS 'How many of the attempts a handler asked for by RetryLater; they are not counted.'`;

const revocationTable = `
  CREATE TABLE tasks.revocation (
    task_id uuid PRIMARY KEY,
    run integer NOT NULL,
    terminate boolean NOT NULL,
    light boolean NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
  );
  COMMENT ON TABLE tasks.revocation IS 'Tombstones: a message of this run, or of one before, is not run any more.';
  COMMENT ON COLUMN tasks.revocation.light IS 'The task has no claim that would look here, so workers keep it in mind.';
  CREATE INDEX revocation_expires ON tasks.revocation (expires_at);`;

/*
 * One round trip per delivery. It never waits for a row that another worker is changing: it tries the advisory lock, and
 * skips a claim whose outcome is being recorded at this moment.
 *
 * With p_seconds > 0 the claim is written, holds that long after the caller's COMMIT, and its start is counted. With 0
 * nothing is written: the lock protects the caller's transaction, which records the outcome itself.
 */
const claimFunction = `
  CREATE FUNCTION tasks.claim(p_task uuid, p_run integer, p_attempt integer, p_token uuid, p_seconds float8)
    RETURNS TABLE (kind text, outcome json, starts integer) LANGUAGE plpgsql AS $$
  DECLARE
    locked boolean;
    seen tasks.inbox;
    taken tasks.inbox;
  BEGIN
    locked := pg_try_advisory_xact_lock(hashtextextended(p_task::text, 0));
    SELECT * INTO seen FROM tasks.inbox i WHERE i.task_id = p_task AND i.run = p_run;
    IF seen.state IN ('succeeded', 'failed', 'revoked') THEN
      RETURN QUERY SELECT 'finished', seen.outcome, 0; RETURN;
    ELSIF seen.attempt > p_attempt THEN
      RETURN QUERY SELECT 'superseded', NULL::json, 0; RETURN;
    ELSIF NOT locked OR seen.state = 'claimed' AND seen.claim_expires_at > clock_timestamp() THEN
      RETURN QUERY SELECT 'busy', NULL::json, 0; RETURN;
    ELSIF EXISTS (SELECT FROM tasks.revocation v WHERE v.task_id = p_task AND v.run >= p_run) THEN
      RETURN QUERY SELECT 'revoked', NULL::json, 0; RETURN;
    ELSIF p_seconds = 0 THEN
      RETURN QUERY SELECT 'claimed', NULL::json, 0; RETURN;
    ELSIF seen.task_id IS NULL THEN
      INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, starts, claim_expires_at)
      VALUES (p_task, p_run, p_attempt, 'claimed', p_token, 'claimed', 1, clock_timestamp() + make_interval(secs => p_seconds));
      RETURN QUERY SELECT 'claimed', NULL::json, 1; RETURN;
    END IF;
    SELECT * INTO taken FROM tasks.inbox i
    WHERE i.task_id = p_task AND i.run = p_run AND i.attempt <= p_attempt
      AND (i.state = 'retrying' OR i.state = 'claimed' AND i.claim_expires_at <= clock_timestamp())
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 'busy', NULL::json, 0; RETURN;
    END IF;
    UPDATE tasks.inbox i SET attempt = p_attempt, state = 'claimed', token = p_token, phase = 'claimed',
      starts = CASE WHEN i.attempt = p_attempt THEN i.starts ELSE 0 END + 1,
      claim_expires_at = clock_timestamp() + make_interval(secs => p_seconds), updated_at = clock_timestamp()
    WHERE i.task_id = p_task AND i.run = p_run
    RETURNING i.starts INTO taken.starts;
    RETURN QUERY SELECT CASE WHEN taken.state = 'claimed' AND taken.phase = 'calling' THEN 'ambiguous' ELSE 'claimed' END,
      NULL::json, taken.starts;
  END $$`;

/*
 * Exact for a row that no message was published of. For one that waits in a queue a tombstone is left, which every claim
 * looks for. Whether it runs is seen by its advisory lock or its claim; a task without either may be running anywhere.
 */
const revokeFunction = `
  CREATE FUNCTION tasks.revoke(p_task uuid, p_terminate boolean, p_light boolean)
    RETURNS TABLE (answer text, run integer, state text) LANGUAGE plpgsql AS $$
  DECLARE
    locked boolean;
    t tasks.task;
    unpublished boolean;
    claimed boolean;
  BEGIN
    locked := pg_try_advisory_xact_lock(hashtextextended(p_task::text, 0));
    SELECT * INTO t FROM tasks.task k WHERE k.id = p_task FOR UPDATE;
    IF t.finished_at IS NOT NULL THEN
      RETURN QUERY SELECT 'ended', t.run, t.state; RETURN;
    ELSIF t.id IS NULL AND NOT p_light THEN
      RETURN QUERY SELECT 'unknown', 0, NULL::text; RETURN;
    END IF;
    INSERT INTO tasks.revocation AS v (task_id, run, terminate, light, expires_at)
    VALUES (p_task, coalesce(t.run, 1), p_terminate, p_light, greatest(t.due_at, clock_timestamp()) + interval '7 days')
    ON CONFLICT (task_id) DO UPDATE SET run = excluded.run, terminate = v.terminate OR excluded.terminate,
      light = excluded.light, expires_at = excluded.expires_at;
    unpublished := t.published_at IS NULL AND (t.claimed_until IS NULL OR t.claimed_until <= clock_timestamp());
    claimed := EXISTS (SELECT FROM tasks.inbox i WHERE i.task_id = p_task AND i.run = t.run AND i.state = 'claimed'
      AND i.claim_expires_at > clock_timestamp());
    IF t.id IS NULL OR NOT locked OR claimed OR p_light AND NOT unpublished THEN
      RETURN QUERY SELECT 'revoking', coalesce(t.run, 1), t.state; RETURN;
    END IF;
    UPDATE tasks.task k SET state = 'revoked', finished_at = clock_timestamp(), claimed_until = NULL WHERE k.id = p_task;
    INSERT INTO tasks.task_event (id, at, task_id, run, attempt, kind)
    VALUES (gen_random_uuid(), clock_timestamp(), p_task, t.run, t.attempt, 'revoked');
    RETURN QUERY SELECT 'revoked', t.run, 'revoked'::text;
  END $$`;
