import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTasksSchema1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(taskTable);
    await runner.query(taskEventTable);
    await runner.query(inboxTable);
    await runner.query(eventOutboxTable);
    await runner.query(deadLetterTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE tasks.dead_letter, tasks.event_outbox, tasks.inbox, tasks.task_event, tasks.task;
      DROP FUNCTION tasks.state_rank(text)`);
  }
}

/*
 * `json`, not `jsonb`, for what handlers produce: jsonb refuses \\u0000 and lone surrogates, and a result must never be
 * the reason that its task cannot be recorded.
 */
const taskTable = `
  CREATE TABLE tasks.task (
    id uuid PRIMARY KEY,
    run integer NOT NULL DEFAULT 1,
    attempt integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    version integer NOT NULL,
    queue text NOT NULL,
    state text NOT NULL CHECK (state IN
      ('scheduled', 'queued', 'started', 'retrying', 'succeeded', 'failed', 'revoked', 'expired')),
    payload bytea,
    headers json NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL,
    expires_at timestamptz,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_until timestamptz,
    publish_attempts integer NOT NULL DEFAULT 0,
    publish_error text,
    published_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    worker text,
    result json,
    error json
  );
  COMMENT ON TABLE tasks.task IS 'Outbox and history in one: due and unpublished rows are the outbox.';
  CREATE INDEX task_outbox ON tasks.task (due_at)
    WHERE published_at IS NULL AND state IN ('scheduled', 'queued', 'retrying');
  CREATE INDEX task_pending ON tasks.task (due_at) WHERE finished_at IS NULL;
  CREATE FUNCTION tasks.state_rank(state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE state WHEN 'scheduled' THEN 0 WHEN 'queued' THEN 1 WHEN 'started' THEN 2 WHEN 'retrying' THEN 3 ELSE 4 END
  $$;`;

const taskEventTable = `
  CREATE TABLE tasks.task_event (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    task_id uuid NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    kind text NOT NULL,
    worker text,
    details json,
    PRIMARY KEY (id, at)
  ) PARTITION BY RANGE (at);
  CREATE INDEX task_event_task ON tasks.task_event (task_id, at);
  CREATE TABLE tasks.task_event_default PARTITION OF tasks.task_event DEFAULT;`;

const inboxTable = `
  CREATE TABLE tasks.inbox (
    task_id uuid NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL CHECK (state IN ('claimed', 'succeeded', 'failed')),
    token uuid,
    phase text CHECK (phase IN ('claimed', 'calling')),
    claim_expires_at timestamptz,
    outcome json,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (task_id, run)
  );
  CREATE INDEX inbox_updated ON tasks.inbox (updated_at);`;

const eventOutboxTable = `
  CREATE TABLE tasks.event_outbox (
    id uuid PRIMARY KEY,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    name text NOT NULL,
    headers json NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_until timestamptz,
    publish_attempts integer NOT NULL DEFAULT 0,
    publish_error text
  );
  CREATE INDEX event_outbox_created ON tasks.event_outbox (created_at);`;

const deadLetterTable = `
  CREATE TABLE tasks.dead_letter (
    id uuid PRIMARY KEY,
    task_id uuid,
    run integer,
    attempt integer,
    name text,
    version integer,
    queue text NOT NULL,
    reason text NOT NULL,
    error json NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    worker text,
    parked_at timestamptz NOT NULL,
    taken_in_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX dead_letter_parked ON tasks.dead_letter (parked_at DESC, id);`;
