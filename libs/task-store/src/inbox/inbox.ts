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
    const locked = await this.lock(tx, task.taskId);
    if (locked && (await this.insert(tx, task, token, claimSeconds))) return { kind: 'claimed', token };
    const row = await this.find(tx, task);
    if (row && row.state !== 'claimed') return { kind: 'finished', outcome: row.outcome as Outcome };
    if (!locked || !row?.expired) return { kind: 'busy' };
    const phase = await this.takeOver(tx, task, token, claimSeconds);
    if (!phase) return { kind: 'busy' };
    return { kind: phase === 'calling' ? 'ambiguous' : 'claimed', token };
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

  private async insert(tx: EntityManager, task: TaskRun, token: string, claimSeconds: number): Promise<boolean> {
    const parameters = [task.taskId, task.run, task.attempt, token, claimSeconds];
    const inserted: unknown[] = await tx.query(insertSql, parameters);
    return inserted.length > 0;
  }

  /** @returns the phase that the expired claim was in; undefined when it was not to be had any more. */
  private async takeOver(
    tx: EntityManager,
    task: TaskRun,
    token: string,
    claimSeconds: number,
  ): Promise<InboxRow['phase'] | undefined> {
    const parameters = [task.taskId, task.run, task.attempt, token, claimSeconds];
    const [rows]: [{ phase: InboxRow['phase'] }[]] = await tx.query(takeOverSql, parameters);
    return rows[0]?.phase;
  }

  private async find(tx: EntityManager, task: TaskRun): Promise<InboxRow | undefined> {
    const rows: InboxRow[] = await tx.query(findSql, [task.taskId, task.run]);
    return rows[0];
  }
}

/*
 * Who holds the advisory lock inserts alone. ON CONFLICT DO NOTHING would do too, but waits for whoever is changing the
 * row that is there.
 */
const insertSql = `
  INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
  SELECT $1::uuid, $2::integer, $3::integer, 'claimed', $4::uuid, 'claimed', clock_timestamp() + make_interval(secs => $5)
  WHERE NOT EXISTS (SELECT FROM tasks.inbox WHERE task_id = $1::uuid AND run = $2::integer)
  RETURNING task_id`;

const findSql = `
  SELECT state, phase, outcome, claim_expires_at <= clock_timestamp() AS expired
  FROM tasks.inbox WHERE task_id = $1 AND run = $2`;

/* Whoever records an outcome at this moment has the row locked: it is skipped, since waiting could last. */
const takeOverSql = `
  UPDATE tasks.inbox i SET attempt = $3, token = $4, phase = 'claimed', updated_at = clock_timestamp(),
    claim_expires_at = clock_timestamp() + make_interval(secs => $5)
  FROM (
    SELECT task_id, run, phase FROM tasks.inbox
    WHERE task_id = $1 AND run = $2 AND state = 'claimed' AND claim_expires_at <= clock_timestamp()
    FOR UPDATE SKIP LOCKED
  ) expired
  WHERE i.task_id = expired.task_id AND i.run = expired.run
  RETURNING expired.phase`;

const callingSql = `
  UPDATE tasks.inbox SET phase = 'calling', updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;

const finishSql = `
  UPDATE tasks.inbox SET state = $4, outcome = $5, token = NULL, phase = NULL, claim_expires_at = NULL, updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;
