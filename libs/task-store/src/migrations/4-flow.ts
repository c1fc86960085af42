import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What replicas share to hold back work: when the next start of a limited task may be, and who runs under which key. */
export class Flow1763891000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tasks.rate_limit (
        name text PRIMARY KEY,
        next_at timestamptz NOT NULL
      );
      COMMENT ON COLUMN tasks.rate_limit.next_at IS 'The first start that nobody has leased.';
      CREATE TABLE tasks.concurrency_slot (
        key text NOT NULL,
        slot integer NOT NULL,
        token uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (key, slot)
      );
      ALTER TABLE tasks.task ADD COLUMN progress json`);
    await runner.query(takeSlotFunction);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION tasks.take_slot(text, integer, uuid, float8);
      DROP TABLE tasks.concurrency_slot, tasks.rate_limit;
      ALTER TABLE tasks.task DROP COLUMN progress`);
  }
}

/* A slot whose holder died is free once it has expired. Two that insert the same slot: one of them goes away empty. */
const takeSlotFunction = `
  CREATE FUNCTION tasks.take_slot(p_key text, p_limit integer, p_token uuid, p_seconds float8) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE tasks.concurrency_slot s SET token = p_token, expires_at = clock_timestamp() + make_interval(secs => p_seconds)
    FROM (
      SELECT f.slot FROM tasks.concurrency_slot f
      WHERE f.key = p_key AND f.slot < p_limit AND f.expires_at <= clock_timestamp()
      ORDER BY f.slot LIMIT 1 FOR UPDATE SKIP LOCKED
    ) free
    WHERE s.key = p_key AND s.slot = free.slot;
    IF FOUND THEN
      RETURN true;
    END IF;
    INSERT INTO tasks.concurrency_slot (key, slot, token, expires_at)
    SELECT p_key, n, p_token, clock_timestamp() + make_interval(secs => p_seconds)
    FROM generate_series(0, p_limit - 1) AS n
    WHERE NOT EXISTS (SELECT FROM tasks.concurrency_slot s WHERE s.key = p_key AND s.slot = n)
    ORDER BY n LIMIT 1
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
  END $$`;
