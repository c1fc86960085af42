import type { EntityManager } from 'typeorm';

/** One run of one task, as its messages name it. */
export interface TaskRun {
  readonly taskId: string;
  readonly run: number;
  readonly attempt: number;
}

/** What a claim found. `Outcome` is what the runtime stored when the run ended, to be told again. */
export type Claim<Outcome> =
  | { readonly kind: 'claimed'; readonly token: string }
  /** Another worker runs it, or holds a claim that has not expired. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  /** The claim expired after the outside world may have been called. */
  | { readonly kind: 'ambiguous'; readonly token: string };

interface InboxRow {
  state: 'claimed' | 'succeeded' | 'failed';
  phase: 'claimed' | 'calling' | null;
  expired: boolean;
  outcome: unknown;
}

/**
 * `tasks.inbox`: which run of which task was taken and how it ended. Each method is one step of the caller's
 * transaction; the claim's lock lasts until that transaction ends.
 */
export class Inbox {
  /**
   * Claims a run, or says why not. Never waits for another worker's uncommitted row: five such waiters starve a pool.
   *
   * @param claimSeconds how long the claim holds after the transaction; 0 for a handler that runs inside it.
   */
  async claim<Outcome>(tx: EntityManager, task: TaskRun, token: string, claimSeconds: number): Promise<Claim<Outcome>> {
    if (!(await this.lock(tx, task.taskId))) return { kind: 'busy' };
    const inserted: unknown[] = await tx.query(insertSql, [task.taskId, task.run, task.attempt, token, claimSeconds]);
    if (inserted.length > 0) return { kind: 'claimed', token };
    const row = await this.find(tx, task);
    if (!row) return { kind: 'busy' };
    if (row.state !== 'claimed') return { kind: 'finished', outcome: row.outcome as Outcome };
    if (!row.expired) return { kind: 'busy' };
    await tx.query(takeOverSql, [task.taskId, task.run, task.attempt, token, claimSeconds]);
    return row.phase === 'calling' ? { kind: 'ambiguous', token } : { kind: 'claimed', token };
  }

  /**
   * Says that the outside world is called next: from here on a crash is ambiguous.
   *
   * @returns false when the claim was lost in the meantime; then nothing may be called.
   */
  async startCalling(manager: EntityManager, task: TaskRun, token: string): Promise<boolean> {
    const [, changed]: [unknown, number] = await manager.query(callingSql, [task.taskId, task.run, token]);
    return changed > 0;
  }

  /**
   * Records how the run ended. It is the last statement before the COMMIT of a handler's transaction, because it fails
   * in one that PostgreSQL has aborted, where COMMIT alone would answer ROLLBACK and look like success.
   *
   * @returns false when the claim was lost; then the outcome is somebody else's to tell.
   */
  async finish(
    manager: EntityManager,
    task: TaskRun,
    token: string,
    state: 'succeeded' | 'failed',
    outcome: unknown,
  ): Promise<boolean> {
    const parameters = [task.taskId, task.run, token, state, JSON.stringify(outcome)];
    const [, changed]: [unknown, number] = await manager.query(finishSql, parameters);
    return changed > 0;
  }

  private async lock(tx: EntityManager, taskId: string): Promise<boolean> {
    const rows: { locked: boolean }[] = await tx.query(
      `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked`,
      [taskId],
    );
    return rows[0]?.locked === true;
  }

  private async find(tx: EntityManager, task: TaskRun): Promise<InboxRow | undefined> {
    const rows: InboxRow[] = await tx.query(findSql, [task.taskId, task.run]);
    return rows[0];
  }
}

const insertSql = `
  INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
  VALUES ($1, $2, $3, 'claimed', $4, 'claimed', clock_timestamp() + make_interval(secs => $5))
  ON CONFLICT (task_id, run) DO NOTHING
  RETURNING task_id`;

const findSql = `
  SELECT state, phase, outcome, claim_expires_at <= clock_timestamp() AS expired
  FROM tasks.inbox WHERE task_id = $1 AND run = $2`;

const takeOverSql = `
  UPDATE tasks.inbox SET attempt = $3, token = $4, phase = 'claimed', updated_at = clock_timestamp(),
    claim_expires_at = clock_timestamp() + make_interval(secs => $5)
  WHERE task_id = $1 AND run = $2`;

const callingSql = `
  UPDATE tasks.inbox SET phase = 'calling', updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;

const finishSql = `
  UPDATE tasks.inbox SET state = $4, outcome = $5, token = NULL, phase = NULL, claim_expires_at = NULL, updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;
