import type { DataSource, EntityManager } from 'typeorm';
import type { TaskRun } from '../inbox/inbox.js';
import type { TaskState } from '../states.js';

/** A tombstone: this run of the task, and those before, are not run any more. */
export interface Tombstone {
  readonly taskId: string;
  readonly run: number;
  /** Whether a run that is under way is to be cut short. */
  readonly terminate: boolean;
  /** The task has `idempotent` effects: no claim looks for its tombstone. */
  readonly light: boolean;
}

/** A tombstone that a worker keeps in mind. */
export interface LiveTombstone extends Tombstone {
  /** Until it expires, by the database's clock. */
  readonly secondsLeft: number;
}

/**
 * How long a tombstone lives after the task was due or revoked, whichever was later, as `tasks.revoke` writes it: far longer
 * than a message can wait.
 */
export const tombstoneSeconds = 7 * 24 * 3600;

/** What came of a request to revoke a task. */
export type Revocation =
  /** It has ended as `revoked` and never runs. */
  | { readonly answer: 'revoked'; readonly run: number }
  /** It runs, or may be running: a tombstone keeps it from being started again. */
  | { readonly answer: 'revoking'; readonly run: number; readonly state: TaskState | null }
  | { readonly answer: 'ended'; readonly run: number; readonly state: TaskState }
  | { readonly answer: 'unknown' };

/** `tasks.revocation`, and rows that end as `revoked`. */
export class Revocations {
  constructor(private readonly dataSource: DataSource) {}

  /** @param light whether its effects are `idempotent`; such a task may be unknown here and run all the same. */
  async revoke(
    taskId: string,
    terminate: boolean,
    light: boolean,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Revocation> {
    const sql = `SELECT * FROM tasks.revoke($1, $2, $3)`;
    const [revocation]: Revocation[] = await manager.query(sql, [taskId, terminate, light]);
    if (!revocation) throw new Error('tasks.revoke answered nothing.');
    return revocation;
  }

  async has(tx: EntityManager, { taskId, run }: Pick<TaskRun, 'taskId' | 'run'>): Promise<boolean> {
    const sql = `SELECT FROM tasks.revocation WHERE task_id = $1 AND run >= $2`;
    const rows: unknown[] = await tx.query(sql, [taskId, run]);
    return rows.length > 0;
  }

  /**
   * Those that a worker has to keep in mind, since no claim looks for them: at most so many, those that live longest. Beside
   * them those that end what runs there.
   *
   * @param withinSeconds only those that were asked for within so many seconds. Default: all.
   */
  async live(most: number, running: readonly string[], withinSeconds = tombstoneSeconds): Promise<LiveTombstone[]> {
    return this.dataSource.query(liveSql, [most, running, Math.max(0, tombstoneSeconds - withinSeconds)]);
  }

  /** @returns false when the task had ended already, so that there is nothing to tell. */
  async markRevoked(tx: EntityManager, { taskId, run }: TaskRun, worker: string): Promise<boolean> {
    const rows: { told: boolean }[] = await tx.query(markSql, [taskId, run, worker]);
    return rows[0]?.told ?? true;
  }

  /** Deletes at most so many tombstones that no message can be left for. @returns how many. */
  async prune(limit: number): Promise<number> {
    const [, deleted]: [unknown, number] = await this.dataSource.query(pruneSql, [limit]);
    return deleted;
  }
}

const pruneSql = `
  DELETE FROM tasks.revocation WHERE task_id IN (
    SELECT task_id FROM tasks.revocation WHERE expires_at <= (SELECT clock_timestamp())
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`;

const liveColumns = `task_id AS "taskId", run, terminate, light,
  extract(epoch FROM expires_at - clock_timestamp())::float8 AS "secondsLeft"`;

/* What was asked for lately has nearly all of its life ahead, or more: a tombstone that is asked for again lives that long again. */
const alive = `expires_at > (SELECT clock_timestamp() + make_interval(secs => $3))`;

const liveSql = `
  (SELECT ${liveColumns} FROM tasks.revocation WHERE light AND ${alive} ORDER BY expires_at DESC LIMIT $1)
  UNION ALL
  SELECT ${liveColumns} FROM tasks.revocation WHERE task_id = ANY ($2::uuid[]) AND terminate AND ${alive}`;

/* No row at all: a task that was published without one, whose event makes it. */
const markSql = `
  WITH marked AS (
    UPDATE tasks.task SET state = 'revoked', worker = $3, finished_at = clock_timestamp(), claimed_until = NULL
    WHERE id = $1 AND run = $2 AND finished_at IS NULL RETURNING id
  )
  SELECT EXISTS (SELECT FROM marked) OR NOT EXISTS (SELECT FROM tasks.task WHERE id = $1) AS told`;
