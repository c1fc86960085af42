import type { EntityManager } from 'typeorm';
import { claimLostState } from '../migrations/6-success.js';
import { runPrepared } from '../prepared.js';

/** One run of one task, as its messages name it. */
export interface TaskRun {
  readonly taskId: string;
  readonly run: number;
  readonly attempt: number;
}

/** What a claim found. `Outcome` is what the runtime stored when the run ended, to be told again. */
export type Claim<Outcome> =
  /** `starts`: committed starts of this attempt, this one included; 0 when the claim wrote nothing. */
  | { readonly kind: 'claimed'; readonly starts: number }
  /** The claim before expired after the outside world may have been called; now it is the caller's. */
  | { readonly kind: 'ambiguous'; readonly starts: number }
  /** Another worker runs it, or holds a claim that has not expired. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  /** A later attempt was decided on already. */
  | { readonly kind: 'superseded' }
  /** There is a tombstone for it. */
  | { readonly kind: 'revoked' };

/** Starts of an attempt that have not ended. */
export interface Starts<Outcome = unknown> {
  /** All that were committed. */
  readonly starts: number;
  /** Those that count towards parking. */
  readonly lone: number;
  /** Another worker runs it, or holds a claim that has not expired. */
  readonly busy: boolean;
  /** How it ended; null when it has not. */
  readonly ended: Outcome | null;
}

export interface TakenBack {
  readonly starts?: number;
  readonly lone?: number;
}

/** How a claim ends. */
export type Ending = 'succeeded' | 'failed' | 'revoked';

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
    const parameters = [task.taskId, task.run, task.attempt, token, claimSeconds];
    const [claim] = await runPrepared<Claim<Outcome>>(tx, claimStatement, parameters);
    if (!claim) throw new Error('tasks.claim answered nothing.');
    return claim;
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

  /** Whether an attempt is on record that may have called the outside world. */
  async isCalling(manager: EntityManager, task: TaskRun): Promise<boolean> {
    const sql = `SELECT FROM tasks.inbox WHERE task_id = $1 AND run = $2 AND state = 'claimed' AND phase = 'calling'`;
    const rows: unknown[] = await manager.query(sql, [task.taskId, task.run]);
    return rows.length > 0;
  }

  /**
   * Records the success of a run that was claimed in this very transaction. It is the last statement before the COMMIT of a
   * handler's transaction, because it fails in one that PostgreSQL has aborted, where COMMIT alone would answer ROLLBACK
   * and look like success. COMMIT need not wait for its answer: when it fails, COMMIT rolls back.
   *
   * @throws an error that {@link isClaimLost} knows, when a later attempt or an end was recorded already.
   */
  async succeed(tx: EntityManager, task: TaskRun, outcome: unknown): Promise<void> {
    await runPrepared(tx, succeedStatement, [task.taskId, task.run, task.attempt, JSON.stringify(outcome)]);
  }

  /**
   * Records how a run ended, otherwise than well, that was claimed in this very transaction.
   *
   * @returns false when a later attempt or an end was recorded already.
   */
  async finish(tx: EntityManager, task: TaskRun, state: Ending, outcome: unknown): Promise<boolean> {
    const parameters = [task.taskId, task.run, task.attempt, state, JSON.stringify(outcome)];
    const inserted: unknown[] = await tx.query(finishSql, parameters);
    return inserted.length > 0;
  }

  /**
   * Records how a run ended whose claim was committed before.
   *
   * @returns false when the claim was lost; then the outcome is somebody else's to tell.
   */
  async finishClaim(
    manager: EntityManager,
    task: TaskRun,
    token: string,
    state: Ending,
    outcome: unknown,
  ): Promise<boolean> {
    const parameters = [task.taskId, task.run, token, state, JSON.stringify(outcome)];
    const [, changed]: [unknown, number] = await manager.query(finishClaimSql, parameters);
    return changed > 0;
  }

  /**
   * Gives back a claim under which nothing was called: whoever takes the task next may have it at once.
   *
   * @param ambiguous whether it was granted as that: then it stays as uncertain as it was. Undefined when its answer never came.
   */
  async release(manager: EntityManager, task: TaskRun, token: string, ambiguous: boolean | undefined): Promise<void> {
    // What the claim left is right as long as `startCalling` cannot have been asked for.
    const phase = ambiguous === undefined ? null : ambiguous ? 'calling' : 'claimed';
    await manager.query(releaseSql, [task.taskId, task.run, token, phase]);
  }

  /** Commits a start of an attempt that no claim tells of; call it outside a transaction. */
  async markStart(manager: EntityManager, task: TaskRun): Promise<void> {
    await manager.query(markSql, [task.taskId, task.run, task.attempt]);
  }

  /**
   * Counts a start that is its task's own fault if it does not end; call it outside a transaction.
   *
   * @returns how many of them this attempt has, this one included; 0 when the task needs no start any more.
   */
  async countLoneStart(manager: EntityManager, task: TaskRun): Promise<number> {
    const rows: { lone: number }[] = await manager.query(countSql, [task.taskId, task.run, task.attempt]);
    return rows[0]?.lone ?? 0;
  }

  /** What is on record of this attempt's starts, or of its end; undefined when there is nothing. */
  async startsOf<Outcome>(manager: EntityManager, task: TaskRun): Promise<Starts<Outcome> | undefined> {
    const rows: Starts<Outcome>[] = await manager.query(startsSql, [task.taskId, task.run, task.attempt]);
    return rows[0];
  }

  /**
   * The stored outcomes of those tasks whose latest run has ended. They are committed before any event tells of them, so
   * this is the place to look for an end whose event was missed. Tasks with `idempotent` effects have none.
   */
  async outcomesOf<Outcome>(manager: EntityManager, taskIds: readonly string[]): Promise<Outcome[]> {
    const rows: { outcome: Outcome }[] = await manager.query(outcomesSql, [taskIds]);
    return rows.map(({ outcome }) => outcome);
  }

  /**
   * Forgets at most so many runs that ended this long ago: no message of theirs can come again. So it does with runs that
   * never ended here and that nothing has been heard of for as long, unless the task's row still waits for them.
   *
   * @returns how many; fewer than `limit` when none is left.
   */
  async prune(manager: EntityManager, olderThanDays: number, limit: number): Promise<number> {
    const [, deleted]: [unknown, number] = await manager.query(pruneSql, [olderThanDays, limit]);
    return deleted;
  }

  /** Takes back starts that are on record: they ended without one, or are ended on purpose. */
  async takeBack(manager: EntityManager, task: TaskRun, { starts = 0, lone = 0 }: TakenBack): Promise<void> {
    await manager.query(takeBackSql, [task.taskId, task.run, task.attempt, starts, lone]);
  }

  /** Forgets the starts of an attempt that has ended and of which nothing else is recorded here. */
  async forgetStarts(manager: EntityManager, task: TaskRun): Promise<void> {
    await manager.query(forgetSql, [task.taskId, task.run, task.attempt]);
  }
}

const claimStatement = { name: 'tasks.claim', text: `SELECT * FROM tasks.claim($1, $2, $3, $4, $5)` };
const succeedStatement = { name: 'tasks.succeed', text: `SELECT tasks.succeed($1, $2, $3, $4)` };

/** Whether a success could not be recorded since the attempt was decided on already. */
export const isClaimLost = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === claimLostState;

const callingSql = `
  UPDATE tasks.inbox SET phase = 'calling', updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed' AND claim_expires_at > clock_timestamp()`;

const finishSql = `
  INSERT INTO tasks.inbox AS i (task_id, run, attempt, state, outcome) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (task_id, run) DO UPDATE SET attempt = excluded.attempt, state = excluded.state, outcome = excluded.outcome,
    token = NULL, phase = NULL, claim_expires_at = NULL, starts = 0, updated_at = clock_timestamp()
  WHERE i.attempt <= excluded.attempt AND i.state IN ('claimed', 'retrying')
  RETURNING i.task_id`;

const finishClaimSql = `
  UPDATE tasks.inbox SET state = $4, outcome = $5, token = NULL, phase = NULL, claim_expires_at = NULL, starts = 0,
    updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;

/* Its worker did not die, so the start is not counted either. */
const releaseSql = `
  UPDATE tasks.inbox SET phase = coalesce($4, phase), claim_expires_at = clock_timestamp(), starts = greatest(0, starts - 1),
    updated_at = clock_timestamp()
  WHERE task_id = $1 AND run = $2 AND token = $3 AND state = 'claimed'`;

/* The claim that it leaves has expired already: whoever takes the task next may have it. */
const markSql = `
  INSERT INTO tasks.inbox AS i (task_id, run, attempt, state, starts, claim_expires_at) VALUES ($1, $2, $3, 'claimed', 1, clock_timestamp())
  ON CONFLICT (task_id, run) DO UPDATE SET starts = CASE WHEN i.attempt = excluded.attempt THEN i.starts ELSE 0 END + 1,
    lone_starts = CASE WHEN i.attempt = excluded.attempt THEN i.lone_starts ELSE 0 END,
    attempt = excluded.attempt, state = 'claimed', claim_expires_at = excluded.claim_expires_at, updated_at = clock_timestamp()
  WHERE i.state IN ('claimed', 'retrying') AND i.attempt <= excluded.attempt`;

/* A claim that somebody holds is left alone. */
const countSql = `
  INSERT INTO tasks.inbox AS i (task_id, run, attempt, state, starts, lone_starts, claim_expires_at)
  VALUES ($1, $2, $3, 'claimed', 1, 1, clock_timestamp())
  ON CONFLICT (task_id, run) DO UPDATE SET
    starts = CASE WHEN i.attempt = excluded.attempt THEN greatest(i.starts, 1) ELSE 1 END,
    lone_starts = CASE WHEN i.attempt = excluded.attempt THEN i.lone_starts ELSE 0 END + 1,
    claim_expires_at = CASE WHEN i.state = 'claimed' THEN i.claim_expires_at ELSE excluded.claim_expires_at END,
    attempt = excluded.attempt, state = 'claimed', updated_at = clock_timestamp()
  WHERE i.state IN ('claimed', 'retrying') AND i.attempt <= excluded.attempt
  RETURNING i.lone_starts AS lone`;

/* The lock of whoever runs it in a transaction is tried, and given back with this statement. */
const startsSql = `
  SELECT starts, lone_starts AS lone, CASE WHEN state <> 'claimed' THEN outcome END AS ended,
    state = 'claimed' AND (claim_expires_at > clock_timestamp() OR NOT pg_try_advisory_xact_lock(hashtextextended(task_id::text, 0))) AS busy
  FROM tasks.inbox
  WHERE task_id = $1 AND run = $2
    AND (attempt = $3 AND state = 'claimed' OR attempt >= $3 AND state IN ('succeeded', 'failed', 'revoked'))`;

/* A replay makes the row's run the next one before anything of that run is in the inbox. */
const outcomesSql = `
  SELECT i.outcome FROM tasks.inbox i LEFT JOIN tasks.task t ON t.id = i.task_id
  WHERE i.task_id = ANY ($1::uuid[]) AND i.state IN ('succeeded', 'failed', 'revoked') AND i.run >= coalesce(t.run, 1)
  ORDER BY i.run DESC`;

const pruneSql = `
  DELETE FROM tasks.inbox WHERE (task_id, run) IN (
    SELECT i.task_id, i.run FROM tasks.inbox i
    WHERE i.updated_at < (SELECT clock_timestamp() - make_interval(days => $1)) AND (
      i.state IN ('succeeded', 'failed', 'revoked')
      OR (i.claim_expires_at IS NULL OR i.claim_expires_at < (SELECT clock_timestamp() - make_interval(days => $1)))
        AND NOT EXISTS (SELECT FROM tasks.task t WHERE t.id = i.task_id AND t.run = i.run AND t.finished_at IS NULL))
    ORDER BY i.updated_at LIMIT $2 FOR UPDATE OF i SKIP LOCKED)`;

const takeBackSql = `
  UPDATE tasks.inbox SET starts = greatest(0, starts - $4), lone_starts = greatest(0, lone_starts - $5)
  WHERE task_id = $1 AND run = $2 AND attempt = $3 AND state = 'claimed'`;

const forgetSql = `
  DELETE FROM tasks.inbox WHERE task_id = $1 AND run = $2 AND attempt = $3 AND state = 'claimed' AND token IS NULL`;
