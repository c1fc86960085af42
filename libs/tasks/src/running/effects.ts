import { taskMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import { isDatabaseUnavailable, type Claim, type TaskRun, type TaskStore } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import { QueryRunnerAlreadyReleasedError, type EntityManager } from 'typeorm';
import type { Outcome, RecordedOutcome } from '../outcomes/outcome.js';
import { ClaimLostError } from '../server/context.js';
import { UnreadableMessage } from '../server/decode-delivery.js';
import { timeLimitOf, type Job } from '../server/job.js';
import { HandlerFailure, type HandlerRunner } from './run-handler.js';

export interface EffectsOptions {
  readonly store: TaskStore;
  readonly runner: HandlerRunner;
  readonly worker: string;
  readonly logger: Logger;
}

/** How long a claim outlives the hard limit, for a handler that returns at the last moment and is then recorded. */
const claimGraceSeconds = 30;
const recordAgainMs = 500;

const runOf = (job: Job): TaskRun => ({ taskId: job.id, run: job.run, attempt: job.attempt });

type StoredClaim = Claim<RecordedOutcome>;

/**
 * Runs a job so that its effects happen once, in the manner that its contract names.
 *
 * - `database`, and every event: claim, handler, outcome and whatever the handler enqueues are one transaction.
 * - `external`: the claim commits first and no connection is held during the call; recording the outcome needs the claim.
 * - `idempotent`: just runs.
 */
export class Effects {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job): Promise<Outcome> {
    try {
      const payload = this.options.runner.payloadOf(job);
      if (job.contract.kind === 'event' || job.contract.effects === 'database')
        return await this.inTransaction(job, payload);
      if (job.contract.effects === 'external') return await this.underClaim(job, payload);
      return await this.plainly(job, payload);
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  }

  private async inTransaction(job: Job, payload: unknown): Promise<Outcome> {
    const { store, runner } = this.options;
    const token = randomUUID();
    try {
      return await store.dataSource.transaction(async (tx) => {
        const claim: StoredClaim = await store.inbox.claim(tx, runOf(job), token, 0);
        if (claim.kind !== 'claimed' && claim.kind !== 'ambiguous') return refused(claim);
        const outcome = await runner.run(job, payload, { tx }).catch((error: unknown) => {
          // Whatever the handler made of it: it stood on a connection that was gone.
          throw tx.queryRunner?.isReleased ? new QueryRunnerAlreadyReleasedError() : error;
        });
        await this.record(tx, job, token, outcome);
        return outcome;
      });
    } catch (error) {
      if (!(error instanceof HandlerFailure)) return this.afterBrokenCommit(job, error);
      if (isQueryOfAnAbsentDatabase(error.cause)) throw error.cause;
      return this.recordFailure(job, runner.failed(job, error.cause, error.startedAt));
    }
  }

  /** A claim of its own, in a new transaction: the handler's one is rolled back, and its claim with it. */
  private recordFailure(job: Job, failure: RecordedOutcome & { kind: 'failed' }): Promise<Outcome> {
    const { store, worker } = this.options;
    const token = randomUUID();
    return store.dataSource.transaction(async (tx) => {
      const claim: StoredClaim = await store.inbox.claim(tx, runOf(job), token, 0);
      if (claim.kind !== 'claimed' && claim.kind !== 'ambiguous') return refused(claim);
      await this.record(tx, job, token, failure);
      await store.fail(tx, runOf(job), failure.event.error, worker);
      return failure;
    });
  }

  /**
   * The statement that records an outcome fails in a transaction that a swallowed SQL error has aborted: that is the
   * handler's failure. When the database is away, COMMIT may have happened or not; the message comes again, and then the
   * inbox knows.
   */
  private afterBrokenCommit(job: Job, error: unknown): Promise<Outcome> {
    if (isDatabaseUnavailable(error)) throw error;
    this.options.logger.error({ err: error }, 'The handler left its transaction unusable; nothing of it was kept.');
    return this.recordFailure(job, this.options.runner.failed(job, error, new Date()));
  }

  private async underClaim(job: Job, payload: unknown): Promise<Outcome> {
    const { store, runner } = this.options;
    const token = randomUUID();
    const seconds = timeLimitOf(job).hardSeconds + claimGraceSeconds;
    const claim: StoredClaim = await store.dataSource.transaction((tx) =>
      store.inbox.claim(tx, runOf(job), token, seconds),
    );
    if (claim.kind === 'busy' || claim.kind === 'finished') return refused(claim);
    const stopped = claim.kind === 'ambiguous' && this.stopsAsAmbiguous(job);
    const outcome = stopped
      ? runner.failed(job, new Error(ambiguousText), new Date(), 'ambiguous')
      : await this.call(job, payload, token);
    return this.recordUnderClaim(job, token, outcome);
  }

  private async call(job: Job, payload: unknown, token: string): Promise<RecordedOutcome> {
    const { store, runner } = this.options;
    const once = async <T>(call: () => Promise<T>): Promise<T> => {
      if (!(await store.inbox.startCalling(store.dataSource.manager, runOf(job), token)))
        throw new ClaimLostError(job.id);
      return call();
    };
    try {
      return await runner.run(job, payload, { once });
    } catch (error) {
      if (!(error instanceof HandlerFailure)) throw error;
      if (isQueryOfAnAbsentDatabase(error.cause)) throw error.cause;
      return runner.failed(job, error.cause, error.startedAt);
    }
  }

  /**
   * Tries for as long as the claim holds: a call that was made and not recorded is ambiguous afterwards. An outcome that
   * PostgreSQL cannot store is a failure.
   */
  private async recordUnderClaim(job: Job, token: string, outcome: RecordedOutcome): Promise<Outcome> {
    const latest = Date.now() + claimGraceSeconds * 1000;
    let lastError: unknown;
    for (;;) {
      try {
        const recorded = await this.recordOnce(job, token, outcome);
        // Not held after a broken COMMIT: it may have been ours, and then the message that comes again finds the outcome.
        if (recorded.kind === 'superseded' && lastError !== undefined) throw lastError;
        return recorded;
      } catch (error) {
        if (error === lastError || Date.now() > latest) throw error;
        if (!isDatabaseUnavailable(error))
          return this.recordOnce(job, token, this.options.runner.failed(job, error, new Date()));
        lastError = error;
        this.options.logger.warn(
          { err: error },
          'PostgreSQL is away and the outcome of a call is not recorded yet; trying again.',
        );
        await new Promise((resolve) => setTimeout(resolve, recordAgainMs));
      }
    }
  }

  private recordOnce(job: Job, token: string, outcome: RecordedOutcome): Promise<Outcome> {
    const { store, worker } = this.options;
    return store.dataSource.transaction(async (tx): Promise<Outcome> => {
      const held = await store.inbox.finish(tx, runOf(job), token, outcome.kind, outcome);
      if (!held) return { kind: 'superseded' };
      if (outcome.kind === 'failed') await store.fail(tx, runOf(job), outcome.event.error, worker);
      return outcome;
    });
  }

  /** The worker before this one died after it said that it calls; the contract says which mistake is the smaller one. */
  private stopsAsAmbiguous({ contract }: Job): boolean {
    const stops = contract.kind === 'task' && contract.onAmbiguous === 'park';
    taskMetrics.ambiguous.inc({ task: contract.name, action: stops ? 'parked' : 'again' });
    return stops;
  }

  private async plainly(job: Job, payload: unknown): Promise<Outcome> {
    const { store, runner, worker } = this.options;
    try {
      return await runner.run(job, payload, {});
    } catch (error) {
      if (!(error instanceof HandlerFailure)) throw error;
      if (isQueryOfAnAbsentDatabase(error.cause)) throw error.cause;
      const failure = runner.failed(job, error.cause, error.startedAt);
      await store.fail(store.dataSource.manager, runOf(job), failure.event.error, worker);
      return failure;
    }
  }

  private async record(tx: EntityManager, job: Job, token: string, outcome: RecordedOutcome): Promise<void> {
    const held = await this.options.store.inbox.finish(tx, runOf(job), token, outcome.kind, outcome);
    if (!held) throw new ClaimLostError(job.id);
  }
}

const ambiguousText =
  'A worker died after it began to call the outside world, and nobody knows whether the call happened. Look, then replay or discard.';

const refused = (claim: Extract<StoredClaim, { kind: 'busy' | 'finished' }>): Outcome =>
  claim.kind === 'finished' ? { kind: 'duplicate', of: claim.outcome } : { kind: 'busy' };

/** A handler's own network errors are its failures; only a query that found no database is the runtime's. */
function isQueryOfAnAbsentDatabase(error: unknown): boolean {
  for (let seen = error, depth = 0; seen instanceof Error && depth < 5; seen = seen.cause, depth += 1) {
    if (queryErrors.has(seen.name) && isDatabaseUnavailable(seen)) return true;
  }
  return false;
}

const queryErrors = new Set([
  'QueryFailedError',
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
]);
