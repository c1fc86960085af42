import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Batches of outcomes must reach a queue, unlike domain events; and a task that ended twice keeps the better end. */
export class MandatoryEvents1763820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tasks.event_outbox ADD COLUMN mandatory boolean NOT NULL DEFAULT false`);
    await runner.query(rankOfEveryState);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tasks.event_outbox DROP COLUMN mandatory`);
    await runner.query(rankBefore);
  }
}

/*
 * A message may be delivered again after its task has ended, for instance when it has expired in the meantime: what
 * really happened stands above what did not.
 */
const rankOfEveryState = `
  CREATE OR REPLACE FUNCTION tasks.state_rank(state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE state WHEN 'scheduled' THEN 0 WHEN 'queued' THEN 1 WHEN 'started' THEN 2 WHEN 'retrying' THEN 3
      WHEN 'expired' THEN 4 WHEN 'revoked' THEN 5 WHEN 'failed' THEN 6 ELSE 7 END
  $$`;

const rankBefore = `
  CREATE OR REPLACE FUNCTION tasks.state_rank(state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE state WHEN 'scheduled' THEN 0 WHEN 'queued' THEN 1 WHEN 'started' THEN 2 WHEN 'retrying' THEN 3 ELSE 4 END
  $$`;
