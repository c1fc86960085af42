import { isDatabaseUnavailable } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import { QueryRunnerAlreadyReleasedError, type EntityManager } from 'typeorm';
import type { Outcome, RecordedOutcome } from '../outcomes/outcome.js';
import { ClaimLostError } from '../server/context.js';
import type { Job } from '../server/job.js';
import {
  isQueryOfAnAbsentDatabase,
  refused,
  runOf,
  type EffectsOptions,
  type Failure,
  type StoredClaim,
} from './claims.js';
import { HandlerFailure } from './run-handler.js';

/** `database` effects, and events: claim, handler, outcome and whatever the handler enqueues are one transaction. */
export class EffectsInTransaction {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job, payload: unknown): Promise<Outcome> {
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
  private recordFailure(job: Job, failure: Failure): Promise<Outcome> {
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

  private async record(tx: EntityManager, job: Job, token: string, outcome: RecordedOutcome): Promise<void> {
    const held = await this.options.store.inbox.finish(tx, runOf(job), token, outcome.kind, outcome);
    if (!held) throw new ClaimLostError(job.id);
  }
}
