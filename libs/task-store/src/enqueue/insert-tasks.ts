import type { EntityManager } from 'typeorm';
import { runPrepared } from '../prepared.js';
import type { TaskState } from '../states.js';

/** A task as it is accepted. */
export interface NewTask {
  readonly id: string;
  /** Others may use the same id: its INSERT may have to wait for their transaction. Default false. */
  readonly chosenId?: boolean | undefined;
  readonly name: string;
  readonly version: number;
  readonly queue: string;
  /** The message body: the payload's JSON, sensitive fields encrypted. */
  readonly payload: Buffer;
  /** Headers that go into the message as they are. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it may be published. Past or absent: now. */
  readonly dueAt?: Date | undefined;
  /** Instead of `dueAt`: seconds from now by the database's clock. */
  readonly delaySeconds?: number | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface InsertedTask {
  readonly id: string;
  readonly state: Extract<TaskState, 'scheduled' | 'queued'>;
  readonly dueAt: Date;
}

/**
 * Inserts tasks in one statement. Rows that are due now come leased to this process for `leaseSeconds`, in which it
 * publishes them right after the commit; rows that are due later, and all of them without a lease, wait for a relay.
 *
 * A task id that exists already is left as it is and is not among those returned.
 */
export async function insertTasks(
  manager: EntityManager,
  tasks: readonly NewTask[],
  leaseSeconds: number,
): Promise<InsertedTask[]> {
  const rows = await runPrepared<{ id: string; state: 'scheduled' | 'queued'; due_at: Date }>(
    manager,
    insertStatement,
    [
      tasks.map((task) => task.id),
      tasks.map((task) => task.name),
      tasks.map((task) => task.version),
      tasks.map((task) => task.queue),
      tasks.map((task) => task.payload),
      tasks.map((task) => JSON.stringify(task.headers)),
      tasks.map((task) => task.dueAt ?? null),
      tasks.map((task) => task.delaySeconds ?? 0),
      tasks.map((task) => task.expiresAt ?? null),
      leaseSeconds,
    ],
  );
  return rows.map((row) => ({ id: row.id, state: row.state, dueAt: row.due_at }));
}

/*
 * Ids are met in one order, whatever the caller's: two that enqueue the same ones wait for each other instead of
 * dead-locking. Of an id that is there twice, the first is taken.
 */
const insertStatement = {
  name: 'tasks.insert',
  text: `
  INSERT INTO tasks.task (id, name, version, queue, payload, headers, due_at, expires_at, state, claimed_until, publish_attempts)
  SELECT n.id, n.name, n.version, n.queue, n.payload, n.headers::json, greatest(wanted.due_at, clock.t), n.expires_at,
    CASE WHEN wanted.due_at > clock.t THEN 'scheduled' ELSE 'queued' END,
    CASE WHEN wanted.due_at <= clock.t AND $10::float8 > 0 THEN clock.t + make_interval(secs => $10::float8) END,
    CASE WHEN wanted.due_at <= clock.t AND $10::float8 > 0 THEN 1 ELSE 0 END
  FROM (SELECT clock_timestamp() AS t) clock,
    unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[], $8::float8[],
      $9::timestamptz[]) WITH ORDINALITY AS n (id, name, version, queue, payload, headers, due_at, delay_seconds, expires_at, place),
    LATERAL (SELECT coalesce(n.due_at, clock.t + make_interval(secs => n.delay_seconds)) AS due_at) wanted
  ORDER BY n.id, n.place
  ON CONFLICT (id) DO NOTHING
  RETURNING id, state, due_at`,
};
