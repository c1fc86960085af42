import { isPassingFault } from '@mentorhub/service';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome, RecordedOutcome, Failure } from '../outcome/outcome.js';
import { ClaimLostError } from '../job/context.js';
import { timeLimitOf, type Job, runOf } from '../job/job.js';
import { ambiguousEnd, noteAmbiguousCall } from './ambiguous-call.js';
import { isGranted, refused, type EffectsOptions, type GrantedClaim, type StoredClaim } from './claims.js';
import { recordFailure } from './record-failure.js';
import { HandlerFailure } from './run-handler.js';

/** How long a claim outlives the hard limit, for a handler that returns at the last moment and is then recorded. */
const claimGraceSeconds = 30;
const againMs = 500;

interface Held {
  readonly token: string;
  /** Whether the outside world was called under this claim. */
  called: boolean;
  /** A worker before this one died in its call; undefined until the claim is answered. */
  ambiguous: boolean | undefined;
}

/** `external` effects: the claim commits first, no connection is held during the call, and recording needs the claim. */
export class EffectsUnderClaim {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job, payload: unknown): Promise<Outcome> {
    const held: Held = { token: randomUUID(), called: false, ambiguous: undefined };
    try {
      return await this.underClaim(job, payload, held);
    } catch (error) {
      if (!held.called) void this.giveBack(job, held);
      throw error;
    }
  }

  private async underClaim(job: Job, payload: unknown, held: Held): Promise<Outcome> {
    const { store, runner } = this.options;
    const { token } = held;
    // One statement is a transaction of its own.
    const claim: StoredClaim = await store.inbox.claim(store.dataSource.manager, runOf(job), token, claimSeconds(job));
    held.ambiguous = claim.kind === 'ambiguous';
    if (isGranted(claim)) return this.claimed(job, payload, held, claim);
    if (claim.kind !== 'revoked') return refused(claim);
    return store.dataSource.transaction((tx) => recordFailure(this.options, tx, job, runner.revoked(job)));
  }

  private async claimed(job: Job, payload: unknown, held: Held, claim: GrantedClaim): Promise<Outcome> {
    const stopped = claim.kind === 'ambiguous' ? this.ambiguous(job) : undefined;
    const outcome = stopped ?? (await this.call(job, payload, held));
    return this.recordUnderClaim(job, held.token, outcome);
  }

  private async call(job: Job, payload: unknown, held: Held): Promise<RecordedOutcome | Failure> {
    const { store, runner, faults } = this.options;
    const startCalling = async (): Promise<void> => {
      if (!(await store.inbox.startCalling(store.dataSource.manager, runOf(job), held.token)))
        throw new ClaimLostError(job.id);
      held.called = true;
    };
    try {
      return await runner.run(job, payload, { startCalling });
    } catch (error) {
      if (!(error instanceof HandlerFailure)) throw error;
      const whose = await faults.judge(error.cause, job);
      // Not as if nothing had been called, nor only once the claim has run out.
      if (whose !== 'handler' && held.called) return runner.ended(job, ambiguousEnd(error.cause), error.startedAt);
      if (whose === 'runtime') throw error.cause;
      if (whose === 'chance') return this.call(job, payload, held);
      return runner.ended(job, error.cause, error.startedAt);
    }
  }

  /**
   * Tries for as long as PostgreSQL is away: a call that was made and not recorded is ambiguous afterwards, and nobody takes
   * over a claim, even one that ran out, in a database that is away. An outcome that PostgreSQL cannot store is a failure.
   */
  private async recordUnderClaim(job: Job, token: string, outcome: RecordedOutcome | Failure): Promise<Outcome> {
    let lastError: unknown;
    for (;;) {
      try {
        const recorded = await this.recordOnce(job, token, outcome);
        // Not held after a broken COMMIT: it may have been ours, and then the message that comes again finds the outcome.
        if (recorded.kind === 'superseded' && lastError !== undefined) throw lastError as unknown;
        return recorded;
      } catch (error) {
        if (error === lastError) throw error;
        if (!isPassingFault(error))
          return this.recordOnce(job, token, this.options.runner.failed(job, error, new Date()));
        lastError = error;
        this.options.logger.warn(
          { err: error },
          'PostgreSQL is away and the outcome of a call is not recorded yet; trying again.',
        );
        await pause(againMs);
      }
    }
  }

  /**
   * A claim that never came to its call would hold its task up until it runs out, which is minutes. Given back as soon as
   * PostgreSQL takes it; nothing waits for that, a shutdown neither.
   */
  private async giveBack(job: Job, { token, ambiguous }: Held): Promise<void> {
    const { inbox, dataSource } = this.options.store;
    const runsOut = Date.now() + claimSeconds(job) * 1000;
    while (Date.now() < runsOut && dataSource.isInitialized) {
      try {
        return await inbox.release(dataSource.manager, runOf(job), token, ambiguous);
      } catch (error) {
        if (!isPassingFault(error)) return;
        await pause(againMs, undefined, { ref: false });
      }
    }
  }

  private async recordOnce(job: Job, token: string, outcome: RecordedOutcome | Failure): Promise<Outcome> {
    const { store, runner } = this.options;
    if (outcome.kind === 'succeeded') {
      const held = await store.inbox.finishClaim(store.dataSource.manager, runOf(job), token, 'succeeded', outcome);
      return held ? outcome : { kind: 'superseded' };
    }
    return store.dataSource.transaction(async (tx): Promise<Outcome> => {
      const gone = isUndecided(outcome) && (await store.revocations.has(tx, runOf(job)));
      return recordFailure(this.options, tx, job, gone ? runner.revoked(job) : outcome, token);
    });
  }

  /** The worker before this one died after it said that it calls; the contract says which mistake is the smaller one. */
  private ambiguous(job: Job): Failure | undefined {
    const { contract } = job;
    const stops = contract.kind === 'task' && contract.onAmbiguous === 'park';
    noteAmbiguousCall(this.options.logger, job, stops ? 'park' : 'again');
    return stops ? this.options.runner.failed(job, new Error(ambiguousText), new Date(), 'ambiguous') : undefined;
  }
}

/** It would be tried again, or was cut short for the last time: a revocation weighs more. */
const isUndecided = (failure: Failure): boolean =>
  failure.kind === 'retrying' ||
  (failure.kind === 'failed' && failure.reason === 'failed' && failure.event.error.name === 'AmbiguousError');

const claimSeconds = (job: Job): number => timeLimitOf(job).hardSeconds + claimGraceSeconds;

const ambiguousText =
  'A worker died after it began to call the outside world, and nobody knows whether the call happened. Look, then enqueue it again or leave it.';
