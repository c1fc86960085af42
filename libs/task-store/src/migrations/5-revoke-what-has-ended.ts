import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `tasks.revoke` looks for the end of a task where it is recorded first, which is the inbox; the history hears of it later. */
export class RevokeWhatHasEnded1763892000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(revokeFunction);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(revokeFunctionBefore);
  }
}

/*
 * Exact for a row that no message was published of. For one that waits in a queue a tombstone is left, which every claim
 * looks for. Whether it runs is seen by its advisory lock or its claim; a task without either may be running anywhere. One
 * whose worker died while it called is not certain to have done nothing.
 */
const revokeFunction = `
  CREATE OR REPLACE FUNCTION tasks.revoke(p_task uuid, p_terminate boolean, p_light boolean)
    RETURNS TABLE (answer text, run integer, state text) LANGUAGE plpgsql AS $$
  DECLARE
    locked boolean;
    t tasks.task;
    unpublished boolean;
    claimed boolean;
    ended text;
  BEGIN
    locked := pg_try_advisory_xact_lock(hashtextextended(p_task::text, 0));
    SELECT * INTO t FROM tasks.task k WHERE k.id = p_task FOR UPDATE;
    IF t.finished_at IS NOT NULL THEN
      RETURN QUERY SELECT 'ended', t.run, t.state; RETURN;
    ELSIF t.id IS NULL AND NOT p_light THEN
      RETURN QUERY SELECT 'unknown', 0, NULL::text; RETURN;
    END IF;
    SELECT i.state INTO ended FROM tasks.inbox i
    WHERE i.task_id = p_task AND i.run = t.run AND i.state IN ('succeeded', 'failed', 'revoked');
    IF FOUND THEN
      RETURN QUERY SELECT 'ended', t.run, ended; RETURN;
    END IF;
    INSERT INTO tasks.revocation AS v (task_id, run, terminate, light, expires_at)
    VALUES (p_task, coalesce(t.run, 1), p_terminate, p_light, greatest(t.due_at, clock_timestamp()) + interval '7 days')
    ON CONFLICT (task_id) DO UPDATE SET run = excluded.run, terminate = v.terminate OR excluded.terminate,
      light = excluded.light, expires_at = excluded.expires_at;
    unpublished := t.published_at IS NULL AND (t.claimed_until IS NULL OR t.claimed_until <= clock_timestamp());
    claimed := EXISTS (SELECT FROM tasks.inbox i WHERE i.task_id = p_task AND i.run = t.run AND i.state = 'claimed'
      AND (i.claim_expires_at > clock_timestamp() OR i.phase = 'calling'));
    IF t.id IS NULL OR NOT locked OR claimed OR p_light AND NOT unpublished THEN
      RETURN QUERY SELECT 'revoking', coalesce(t.run, 1), t.state; RETURN;
    END IF;
    UPDATE tasks.task k SET state = 'revoked', finished_at = clock_timestamp(), claimed_until = NULL WHERE k.id = p_task;
    INSERT INTO tasks.task_event (id, at, task_id, run, attempt, kind)
    VALUES (gen_random_uuid(), clock_timestamp(), p_task, t.run, t.attempt, 'revoked');
    RETURN QUERY SELECT 'revoked', t.run, 'revoked'::text;
  END $$`;

const revokeFunctionBefore = `
  CREATE OR REPLACE FUNCTION tasks.revoke(p_task uuid, p_terminate boolean, p_light boolean)
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
