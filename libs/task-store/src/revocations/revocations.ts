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

  async has(tx: EntityManager, { taskId, run }: TaskRun): Promise<boolean> {
    const sql = `SELECT FROM tasks.revocation WHERE task_id = $1 AND run >= $2`;
    const rows: unknown[] = await tx.query(sql, [taskId, run]);
    return rows.length > 0;
  }

  /** Those that a worker has to keep in mind, since no claim looks for them, or since they end what runs. */
  async live(): Promise<Tombstone[]> {
    return this.dataSource.query(liveSql);
  }

  /** Of those, the ones that were asked for within the last `seconds`. */
  async recent(seconds: number): Promise<Tombstone[]> {
    return this.dataSource.query(recentSql, [seconds]);
  }

  /** @returns false when the task had ended already, so that there is nothing to tell. */
  async markRevoked(tx: EntityManager, { taskId, run }: TaskRun, worker: string): Promise<boolean> {
    const rows: { told: boolean }[] = await tx.query(markSql, [taskId, run, worker]);
    return rows[0]?.told ?? true;
  }

  /** Deletes tombstones that no message can be left for. @returns how many. */
  async prune(): Promise<number> {
    const sql = `DELETE FROM tasks.revocation WHERE expires_at <= (SELECT clock_timestamp())`;
    const [, deleted]: [unknown, number] = await this.dataSource.query(sql);
    return deleted;
  }
}

const liveSql = `
  SELECT task_id AS "taskId", run, terminate, light FROM tasks.revocation
  WHERE expires_at > clock_timestamp() AND (light OR terminate)`;

/* `tasks.revoke` lets a tombstone live for 7 days, or for 7 days after its task is due; asked for again, that long again. */
const recentSql = `${liveSql} AND expires_at > clock_timestamp() + interval '7 days' - make_interval(secs => $1)`;

/* No row at all: a task that was published without one, whose event makes it. */
const markSql = `
  WITH marked AS (
    UPDATE tasks.task SET state = 'revoked', worker = $3, finished_at = clock_timestamp(), claimed_until = NULL
    WHERE id = $1 AND run = $2 AND finished_at IS NULL RETURNING id
  )
  SELECT EXISTS (SELECT FROM marked) OR NOT EXISTS (SELECT FROM tasks.task WHERE id = $1) AS told`;
