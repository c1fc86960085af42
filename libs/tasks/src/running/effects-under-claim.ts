import { taskMetrics } from '@mentorhub/metrics';
import { isDatabaseUnavailable } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import type { Outcome, RecordedOutcome } from '../outcomes/outcome.js';
import { ClaimLostError } from '../server/context.js';
import { timeLimitOf, type Job } from '../server/job.js';
import { isQueryOfAnAbsentDatabase, refused, runOf, type EffectsOptions, type StoredClaim } from './claims.js';
import { HandlerFailure } from './run-handler.js';

/** How long a claim outlives the hard limit, for a handler that returns at the last moment and is then recorded. */
const claimGraceSeconds = 30;
const recordAgainMs = 500;

/** `external` effects: the claim commits first, no connection is held during the call, and recording needs the claim. */
export class EffectsUnderClaim {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job, payload: unknown): Promise<Outcome> {
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
}

const ambiguousText =
  'A worker died after it began to call the outside world, and nobody knows whether the call happened. Look, then replay or discard.';
