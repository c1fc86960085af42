import { isClaimLost, isDatabaseUnavailable } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import { QueryRunnerAlreadyReleasedError, type EntityManager } from 'typeorm';
import type { Outcome, RecordedOutcome } from '../outcomes/outcome.js';
import { ClaimLostError } from '../server/context.js';
import type { Job } from '../server/job.js';
import { isCutShort } from './attempt-limits.js';
import {
  isGranted,
  isQueryOfAnAbsentDatabase,
  refused,
  runOf,
  type EffectsOptions,
  type Failure,
  type StoredClaim,
} from './claims.js';
import { recordFailure } from './record-failure.js';
import { HandlerFailure } from './run-handler.js';

/** `database` effects, and events: claim, handler, outcome and whatever the handler enqueues are one transaction. */
export class EffectsInTransaction {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job, payload: unknown): Promise<Outcome> {
    const { runner } = this.options;
    try {
      return await this.runInTransaction(job, payload);
    } catch (error) {
      if (!(error instanceof HandlerFailure)) return this.afterBrokenCommit(job, error);
      if (!isCutShort(error.cause) && isQueryOfAnAbsentDatabase(error.cause)) throw error.cause;
      return this.recordFailure(job, runner.ended(job, error.cause, error.startedAt));
    }
  }

  /** COMMIT is sent right behind the record of the success, which rolls it back when it fails: one wait less. */
  private async runInTransaction(job: Job, payload: unknown): Promise<Outcome> {
    const { store, runner } = this.options;
    let recording: Promise<void> | undefined;
    const committed = store.dataSource.transaction((tx) =>
      this.underClaim(tx, job, async () => {
        const outcome = await runner
          .run(job, payload, { tx })
          .catch((error: unknown) => Promise.reject(this.onLostConnection(tx, error)));
        recording = this.recordSuccess(tx, job, outcome);
        recording.catch(() => undefined); // looked at below, after the COMMIT
        return outcome;
      }),
    );
    await committed.catch(() => undefined);
    await recording; // its fault is the reason of the COMMIT's
    return committed;
  }

  /** Whatever the handler made of it: it stood on a connection that was gone. Unless it was cut off on purpose. */
  private onLostConnection(tx: EntityManager, error: unknown): unknown {
    if (error instanceof HandlerFailure && isCutShort(error.cause)) return error;
    return tx.queryRunner?.isReleased ? new QueryRunnerAlreadyReleasedError() : error;
  }

  private async underClaim(tx: EntityManager, job: Job, work: () => Promise<Outcome>): Promise<Outcome> {
    const { store, runner } = this.options;
    const claim: StoredClaim = await store.inbox.claim(tx, runOf(job), randomUUID(), 0);
    if (isGranted(claim)) return work();
    if (claim.kind === 'revoked') return recordFailure(this.options, tx, job, runner.revoked(job));
    return refused(claim);
  }

  /** A claim of its own, in a new transaction: the handler's one is rolled back, and its claim with it. */
  private recordFailure(job: Job, failure: Failure): Promise<Outcome> {
    const { store } = this.options;
    return store.dataSource.transaction((tx) =>
      this.underClaim(tx, job, () => recordFailure(this.options, tx, job, failure)),
    );
  }

  /**
   * The statement that records an outcome fails in a transaction that a swallowed SQL error has aborted: that is the
   * handler's failure. When the database is away, COMMIT may have happened or not; the job is run again once it is back,
   * and then the inbox knows.
   */
  private afterBrokenCommit(job: Job, error: unknown): Promise<Outcome> {
    if (isDatabaseUnavailable(error)) throw error;
    this.options.logger.error({ err: error }, 'The handler left its transaction unusable; nothing of it was kept.');
    return this.recordFailure(job, this.options.runner.ended(job, error, new Date()));
  }

  private async recordSuccess(tx: EntityManager, job: Job, outcome: RecordedOutcome): Promise<void> {
    try {
      await this.options.store.inbox.succeed(tx, runOf(job), outcome);
    } catch (error) {
      throw isClaimLost(error) ? new ClaimLostError(job.id) : error;
    }
  }
}
