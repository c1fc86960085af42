import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whoever takes over a call that may have happened, and dies as well, leaves it as uncertain as it was. */
export class KeepCalling1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      claimFunction(`CASE WHEN taken.state = 'claimed' AND taken.phase = 'calling' THEN 'calling' ELSE 'claimed' END`),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(claimFunction(`'claimed'`));
  }
}

/** As `3-retries-and-revocations.ts` has it, but for the phase that a claim which is taken over is left in. */
const claimFunction = (phase: string) => `
  CREATE OR REPLACE FUNCTION tasks.claim(p_task uuid, p_run integer, p_attempt integer, p_token uuid, p_seconds float8)
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
    UPDATE tasks.inbox i SET attempt = p_attempt, state = 'claimed', token = p_token, phase = ${phase},
      starts = CASE WHEN i.attempt = p_attempt THEN i.starts ELSE 0 END + 1,
      claim_expires_at = clock_timestamp() + make_interval(secs => p_seconds), updated_at = clock_timestamp()
    WHERE i.task_id = p_task AND i.run = p_run
    RETURNING i.starts INTO taken.starts;
    RETURN QUERY SELECT CASE WHEN taken.state = 'claimed' AND taken.phase = 'calling' THEN 'ambiguous' ELSE 'claimed' END,
      NULL::json, taken.starts;
  END $$`;
