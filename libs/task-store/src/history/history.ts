import type { DataSource, EntityManager } from 'typeorm';
import type { TaskRun } from '../inbox/inbox.js';
import type { TaskState } from '../states.js';
import { ensurePartitions } from './partitions.js';
import type { TaskError } from './task-event.js';

/** A task as it is shown. */
export interface TaskRecord {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly queue: string;
  readonly state: TaskState;
  readonly run: number;
  readonly attempt: number;
  /** Of the attempts, those that a handler asked for by `RetryLater`. */
  readonly deferrals: number;
  readonly payload: Buffer | null;
  readonly acceptedAt: Date;
  readonly dueAt: Date;
  readonly expiresAt: Date | null;
  readonly publishedAt: Date | null;
  readonly publishAttempts: number;
  readonly publishError: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly worker: string | null;
  readonly result: unknown;
  /** What its handler said last by `ctx.progress`. */
  readonly progress: unknown;
  readonly error: TaskError | null;
}

export interface TimelineEntry {
  readonly kind: string;
  readonly at: Date;
  readonly run: number;
  readonly attempt: number;
  readonly worker: string | null;
  readonly details: {
    readonly waitSeconds?: number;
    readonly runSeconds?: number;
    readonly deferrals?: number;
    readonly retryInSeconds?: number;
    readonly error?: TaskError;
  } | null;
}

export const recordColumns = `id, name, version, queue, state, run, attempt, deferrals, payload, accepted_at AS "acceptedAt", due_at AS "dueAt",
  expires_at AS "expiresAt", published_at AS "publishedAt", publish_attempts AS "publishAttempts",
  publish_error AS "publishError", started_at AS "startedAt", finished_at AS "finishedAt", worker, result, progress, error`;

/** Reads the history, and keeps its partitions. */
export class History {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string, manager: EntityManager = this.dataSource.manager): Promise<TaskRecord | undefined> {
    const rows: TaskRecord[] = await manager.query(`SELECT ${recordColumns} FROM tasks.task WHERE id = $1`, [id]);
    return rows[0];
  }

  /** Of these tasks, the ones that have ended; one round trip for any number of waiters. */
  async findEnded(ids: readonly string[]): Promise<TaskRecord[]> {
    const sql = `SELECT ${recordColumns} FROM tasks.task WHERE id = ANY ($1) AND finished_at IS NOT NULL`;
    return this.dataSource.query(sql, [ids]);
  }

  /** Of these tasks, the ones that have yet to end: also one whose end was recorded and not told yet has ended. */
  async unfinished(ids: readonly string[], tx: EntityManager = this.dataSource.manager): Promise<string[]> {
    const rows: { id: string }[] = await tx.query(unfinishedSql, [ids]);
    return rows.map(({ id }) => id);
  }

  /**
   * Notes how far tasks are that still run; the others are left as they are. Waits for nobody.
   *
   * @returns the ids of those whose row somebody else has locked.
   */
  async setProgress(
    reports: readonly { readonly task: TaskRun; readonly progress: unknown }[],
  ): Promise<readonly string[]> {
    const held: { id: string }[] = await this.dataSource.query(progressSql, [
      reports.map(({ task }) => task.taskId),
      reports.map(({ task }) => task.run),
      reports.map(({ task }) => task.attempt),
      reports.map(({ progress }) => JSON.stringify(progress)),
    ]);
    return held.map(({ id }) => id);
  }

  /**
   * What happened to a task, at most its latest 500 entries, in their order. Only the partitions of its life are looked into:
   * there is one for each day that ever was.
   */
  async timeline(taskId: string): Promise<TimelineEntry[]> {
    const [life]: { from: Date; until: Date }[] = await this.dataSource.query(lifeSql, [taskId]);
    return life ? this.dataSource.query(timelineSql, [taskId, life.from, life.until]) : [];
  }

  /** Age in seconds of the oldest task of each of these names that is due and not finished; those without one are left out. */
  async oldestPending(names: readonly string[]): Promise<{ name: string; ageSeconds: number }[]> {
    return this.dataSource.query(oldestPendingSql, [names]);
  }

  /** Rows that are due and unpublished, and the age in seconds of the oldest: what the relays are behind. */
  async relayBacklog(): Promise<{ dueRows: number; oldestAgeSeconds: number }> {
    const rows: { dueRows: number; oldestAgeSeconds: number }[] = await this.dataSource.query(relayBacklogSql);
    return rows[0] ?? { dueRows: 0, oldestAgeSeconds: 0 };
  }

  /** Makes the timeline's partitions of today and the next days. Safe when several processes do it at once. */
  ensurePartitions(days = 3): Promise<void> {
    return ensurePartitions(this.dataSource, days);
  }
}

const unfinishedSql = `
  SELECT t.id FROM tasks.task t
  WHERE t.id = ANY ($1::uuid[]) AND t.finished_at IS NULL AND NOT EXISTS (
    SELECT FROM tasks.inbox i
    WHERE i.task_id = t.id AND i.run = t.run AND i.state IN ('succeeded', 'failed', 'revoked'))`;

const progressSql = `
  WITH reported AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) AS r (id, run, attempt, progress)
  ), locked AS (
    SELECT t.id, r.progress FROM tasks.task t JOIN reported r ON r.id = t.id AND r.run = t.run AND r.attempt = t.attempt
    WHERE t.finished_at IS NULL ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
  ), written AS (
    UPDATE tasks.task t SET progress = l.progress::json FROM locked l WHERE t.id = l.id
  )
  SELECT t.id FROM tasks.task t JOIN reported r ON r.id = t.id AND r.run = t.run AND r.attempt = t.attempt
  WHERE t.finished_at IS NULL AND NOT EXISTS (SELECT FROM locked l WHERE l.id = t.id)`;

const oldestPendingSql = `
  SELECT n.name, extract(epoch FROM clock_timestamp() - oldest.due_at)::float8 AS "ageSeconds"
  FROM unnest($1::text[]) AS n (name) CROSS JOIN LATERAL (
    SELECT t.due_at FROM tasks.task t
    WHERE t.name = n.name AND t.finished_at IS NULL AND t.due_at <= (SELECT clock_timestamp())
    ORDER BY t.due_at LIMIT 1) oldest`;

/* What is due and waits for another try does so for a minute at most; the index is in the order of that. */
const relayBacklogSql = `
  SELECT count(*)::float8 AS "dueRows", coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8 AS "oldestAgeSeconds"
  FROM tasks.task
  WHERE published_at IS NULL AND state IN ('scheduled', 'queued', 'retrying') AND due_at <= (SELECT clock_timestamp())
    AND greatest(due_at, retry_at) <= (SELECT clock_timestamp() + interval '61 s')`;

/* Workers say by their own clocks when something happened. */
const lifeSql = `
  SELECT least(accepted_at, due_at) - interval '1 day' AS from,
    greatest(coalesce(finished_at, clock_timestamp()), accepted_at) + interval '1 day' AS until
  FROM tasks.task WHERE id = $1`;

const timelineSql = `
  SELECT * FROM (
    SELECT kind, at, run, attempt, worker, details FROM tasks.task_event WHERE task_id = $1 AND at >= $2 AND at < $3
    ORDER BY at DESC, run DESC, attempt DESC, tasks.state_rank(kind) DESC LIMIT 500) latest
  ORDER BY at, run, attempt, tasks.state_rank(kind)`;
