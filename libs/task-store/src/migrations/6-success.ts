import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The SQL state of a success that came too late: somebody else decided on the attempt. */
export const claimLostState = 'MH001';

/** A success is recorded or the transaction fails, so that COMMIT can be sent without waiting for the answer. */
export class Success1763893000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(succeedFunction);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION tasks.succeed(uuid, integer, integer, json)`);
  }
}

const succeedFunction = `
  CREATE FUNCTION tasks.succeed(p_task uuid, p_run integer, p_attempt integer, p_outcome json) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO tasks.inbox AS i (task_id, run, attempt, state, outcome) VALUES (p_task, p_run, p_attempt, 'succeeded', p_outcome)
    ON CONFLICT (task_id, run) DO UPDATE SET attempt = excluded.attempt, state = excluded.state, outcome = excluded.outcome,
      token = NULL, phase = NULL, claim_expires_at = NULL, starts = 0, updated_at = clock_timestamp()
    WHERE i.attempt <= excluded.attempt AND i.state IN ('claimed', 'retrying');
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Attempt % of run % of task % was decided on already.', p_attempt, p_run, p_task USING ERRCODE = '${claimLostState}';
    END IF;
  END $$`;
