import type { DataSource } from 'typeorm';
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
  readonly error: TaskError | null;
}

export interface TimelineEntry {
  readonly kind: string;
  readonly at: Date;
  readonly run: number;
  readonly attempt: number;
  readonly worker: string | null;
  readonly details: { readonly waitSeconds?: number; readonly runSeconds?: number; readonly error?: TaskError } | null;
}

const recordColumns = `id, name, version, queue, state, run, attempt, payload, accepted_at AS "acceptedAt", due_at AS "dueAt",
  expires_at AS "expiresAt", published_at AS "publishedAt", publish_attempts AS "publishAttempts",
  publish_error AS "publishError", started_at AS "startedAt", finished_at AS "finishedAt", worker, result, error`;

/** Reads the history, and keeps its partitions. */
export class History {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string): Promise<TaskRecord | undefined> {
    const rows: TaskRecord[] = await this.dataSource.query(`SELECT ${recordColumns} FROM tasks.task WHERE id = $1`, [
      id,
    ]);
    return rows[0];
  }

  /** Of these tasks, the ones that have ended; one round trip for any number of waiters. */
  async findEnded(ids: readonly string[]): Promise<TaskRecord[]> {
    const sql = `SELECT ${recordColumns} FROM tasks.task WHERE id = ANY ($1) AND finished_at IS NOT NULL`;
    return this.dataSource.query(sql, [ids]);
  }

  async timeline(taskId: string): Promise<TimelineEntry[]> {
    return this.dataSource.query(timelineSql, [taskId]);
  }

  /** Age in seconds of the oldest task per name that is due and not finished. */
  async oldestPending(): Promise<{ name: string; ageSeconds: number }[]> {
    return this.dataSource.query(oldestPendingSql);
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

const oldestPendingSql = `
  SELECT name, extract(epoch FROM clock_timestamp() - min(due_at))::float8 AS "ageSeconds"
  FROM tasks.task
  WHERE finished_at IS NULL AND due_at <= clock_timestamp()
  GROUP BY name`;

const relayBacklogSql = `
  SELECT count(*)::float8 AS "dueRows", coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8 AS "oldestAgeSeconds"
  FROM tasks.task
  WHERE published_at IS NULL AND state IN ('scheduled', 'queued', 'retrying') AND due_at <= clock_timestamp()`;

const timelineSql = `
  SELECT kind, at, run, attempt, worker, details FROM tasks.task_event WHERE task_id = $1
  ORDER BY at, run, attempt, tasks.state_rank(kind)`;
