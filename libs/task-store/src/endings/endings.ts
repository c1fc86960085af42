import type { EntityManager } from 'typeorm';
import type { TaskError } from '../history/task-event.js';
import type { TaskRun } from '../inbox/inbox.js';

/** The attempt after a failed one. */
export interface NextAttempt {
  /** The attempt that failed; the next one has its number plus one. */
  readonly task: TaskRun;
  /** Of the claim that was committed before the handler ran; undefined when the claim is of this transaction. */
  readonly token: string | undefined;
  /** Seconds from now, by the database's clock. */
  readonly delaySeconds: number;
  /** How many attempts so far were asked for by the handler itself, this next one included if it is one of them. */
  readonly deferrals: number;
  readonly error: TaskError;
  readonly worker: string;
  /** The message as it came, for a task that has no row yet. */
  readonly message: {
    readonly name: string;
    readonly version: number;
    readonly queue: string;
    readonly body: Buffer;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly expiresAt: Date | undefined;
  };
}

/** How attempts of tasks with a row end, other than by success, which the history learns from its event. */
export class Endings {
  /**
   * Makes the same row due again as the next attempt, in one statement with the inbox: a worker that is killed after
   * the COMMIT and before its ack leaves a message that is older than the inbox, and no second chain of retries.
   *
   * @returns false when this attempt was decided on already; then there is nothing to do but to ack.
   */
  async retry(tx: EntityManager, next: NextAttempt): Promise<boolean> {
    const { task, message } = next;
    const rows: unknown[] = await tx.query(retrySql, [
      task.taskId,
      task.run,
      task.attempt,
      next.token ?? null,
      next.delaySeconds,
      next.deferrals,
      JSON.stringify(next.error),
      next.worker,
      message.name,
      message.version,
      message.queue,
      message.body,
      JSON.stringify(message.headers),
      message.expiresAt ?? null,
    ]);
    return rows.length > 0;
  }

  /**
   * Marks a task failed.
   *
   * @returns false when this attempt is not the one that the row knows, or the row has ended already.
   */
  async fail(tx: EntityManager, task: TaskRun, error: TaskError, worker: string): Promise<boolean> {
    const parameters = [task.taskId, task.run, task.attempt, JSON.stringify(error), worker];
    const [, changed]: [unknown, number] = await tx.query(failSql, parameters);
    return changed > 0;
  }
}

const retrySql = `
  WITH decided AS (
    INSERT INTO tasks.inbox AS i (task_id, run, attempt, state) VALUES ($1::uuid, $2::integer, $3::integer + 1, 'retrying')
    ON CONFLICT (task_id, run) DO UPDATE SET attempt = excluded.attempt, state = 'retrying', token = NULL, phase = NULL,
      claim_expires_at = NULL, starts = 0, lone_starts = 0, updated_at = clock_timestamp()
    WHERE i.attempt < excluded.attempt AND i.state IN ('claimed', 'retrying') AND ($4::uuid IS NULL OR i.token = $4::uuid)
    RETURNING i.task_id
  )
  INSERT INTO tasks.task AS t (id, run, attempt, state, due_at, deferrals, error, worker, name, version, queue, payload, headers, expires_at)
  SELECT task_id, $2, $3 + 1, 'retrying', clock_timestamp() + make_interval(secs => $5), $6, $7::json, $8, $9, $10, $11, $12, $13::json, $14
  FROM decided
  ON CONFLICT (id) DO UPDATE SET attempt = excluded.attempt, state = excluded.state, due_at = excluded.due_at,
    deferrals = excluded.deferrals, error = excluded.error, worker = excluded.worker,
    payload = coalesce(t.payload, excluded.payload), headers = CASE WHEN t.payload IS NULL THEN excluded.headers ELSE t.headers END,
    published_at = NULL, publish_attempts = 0, publish_error = NULL, claimed_until = NULL, retry_at = NULL
  WHERE t.run = excluded.run AND t.attempt < excluded.attempt AND t.finished_at IS NULL
  RETURNING t.id`;

const failSql = `
  UPDATE tasks.task SET state = 'failed', error = $4, worker = $5, finished_at = clock_timestamp(), claimed_until = NULL,
    published_at = coalesce(published_at, clock_timestamp())
  WHERE id = $1 AND run = $2 AND attempt = $3 AND finished_at IS NULL`;
