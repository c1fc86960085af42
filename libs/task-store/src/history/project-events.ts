import type { EntityManager } from 'typeorm';
import { isTerminal, stateRank } from '../states.js';
import { taskEventId, type TaskEvent } from './task-event.js';

/**
 * Writes events to the timeline and brings their tasks' rows up to date, in one transaction with whatever the caller
 * adds. Events may come twice and in any order: a row keeps the larger of (run, terminal, attempt, rank).
 *
 * A task without a row, which was published without one, gets its row here.
 */
export async function projectEvents(tx: EntityManager, events: readonly TaskEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(timelineSql, timelineColumns(events.flatMap(withItsStart)));
  await tx.query(stateSql, stateColumns(latestPerTask(events)));
}

/** A quick task tells its start only in its outcome; on the timeline each has an entry of its own, the same by both ways. */
function withItsStart(event: TaskEvent): TaskEvent[] {
  if (event.kind === 'started' || event.startedAt === undefined) return [event];
  const { runSeconds: _, error: __, retryInSeconds: ___, ...rest } = event;
  return [{ ...rest, kind: 'started', at: event.startedAt }, event];
}

/** One statement cannot change a row twice, so a batch tells each task's latest event only. */
function latestPerTask(events: readonly TaskEvent[]): TaskEvent[] {
  const latest = new Map<string, TaskEvent>();
  for (const event of events) {
    const other = latest.get(event.taskId);
    if (!other || isLater(event, other)) latest.set(event.taskId, event);
  }
  return [...latest.values()];
}

function isLater(a: TaskEvent, b: TaskEvent): boolean {
  const order = (event: TaskEvent) => [event.run, isTerminal(event.kind) ? 1 : 0, event.attempt, stateRank(event.kind)];
  const [left, right] = [order(a), order(b)];
  const differing = left.findIndex((value, index) => value !== right[index]);
  return differing >= 0 && (left[differing] ?? 0) > (right[differing] ?? 0);
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

function timelineColumns(events: readonly TaskEvent[]): unknown[] {
  return [
    events.map(taskEventId),
    events.map((event) => event.at),
    events.map((event) => event.taskId),
    events.map((event) => event.run),
    events.map((event) => event.attempt),
    events.map((event) => event.kind),
    events.map((event) => event.worker),
    events.map(({ waitSeconds, runSeconds, deferrals, retryInSeconds, error }) =>
      json({ waitSeconds, runSeconds, deferrals, retryInSeconds, error }),
    ),
  ];
}

/* In one order everywhere, or two replicas that were told the same could dead-lock. */
const timelineSql = `
  INSERT INTO tasks.task_event (id, at, task_id, run, attempt, kind, worker, details)
  SELECT id, at, task_id, run, attempt, kind, worker, details::json
  FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[])
    AS n (id, at, task_id, run, attempt, kind, worker, details)
  ORDER BY id, at
  ON CONFLICT (id, at) DO NOTHING`;

function stateColumns(events: readonly TaskEvent[]): unknown[] {
  return [
    events.map((event) => event.taskId),
    events.map((event) => event.run),
    events.map((event) => event.attempt),
    events.map((event) => event.name),
    events.map((event) => event.version),
    events.map((event) => event.queue),
    events.map((event) => event.kind),
    events.map((event) => event.worker),
    events.map((event) => event.startedAt ?? null),
    events.map((event) => (isTerminal(event.kind) ? event.at : null)),
    events.map((event) => json(event.result)),
    events.map((event) => json(event.error)),
    events.map((event) => event.deferrals ?? 0),
  ];
}

/* Rows are met in the order of their ids, as the relay does, so that the two cannot dead-lock. */
const stateSql = `
  INSERT INTO tasks.task AS t (id, run, attempt, name, version, queue, state, worker, started_at, finished_at, result, error,
    deferrals, due_at, published_at)
  SELECT id, run, attempt, name, version, queue, state, worker, started_at, finished_at, result::json, error::json, deferrals,
    coalesce(started_at, finished_at, clock_timestamp()), clock_timestamp()
  FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[],
      $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::integer[])
    AS n (id, run, attempt, name, version, queue, state, worker, started_at, finished_at, result, error, deferrals)
  ORDER BY id
  ON CONFLICT (id) DO UPDATE SET run = excluded.run, attempt = excluded.attempt, state = excluded.state, worker = excluded.worker,
    started_at = coalesce(excluded.started_at, t.started_at), finished_at = excluded.finished_at,
    result = excluded.result, error = excluded.error, deferrals = excluded.deferrals,
    published_at = coalesce(t.published_at, excluded.published_at), claimed_until = NULL
  WHERE (t.run, t.finished_at IS NOT NULL, t.attempt, tasks.state_rank(t.state))
     <= (excluded.run, excluded.finished_at IS NOT NULL, excluded.attempt, tasks.state_rank(excluded.state))`;
