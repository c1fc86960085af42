import { databaseFaultOf } from '@mentorhub/service';
import { isClaimLost } from '@mentorhub/task-store';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import type { Outcome, RecordedOutcome, Failure } from '../outcome/outcome.js';
import { ClaimLostError } from '../job/context.js';
import { type Job, runOf } from '../job/job.js';
import { isGranted, refused, type EffectsOptions, type StoredClaim } from './claims.js';
import { mostRepeats, runsAgainAtOnce, type WhoseFault } from './handler-faults.js';
import { recordFailure } from './record-failure.js';
import { HandlerFailure } from './run-handler.js';

const lookAgainMs = 50;
const mostLooks = 20;

/** What is known of an attempt when its transaction has failed. */
interface Attempt {
  /** The claim was granted, so that the handler ran. */
  startedAt?: Date;
  connectionLost: boolean;
  /** Its success was recorded, so that only COMMIT itself can have failed. */
  recorded?: boolean;
}

/** `database` effects, and events: claim, handler, outcome and whatever the handler enqueues are one transaction. */
export class EffectsInTransaction {
  constructor(private readonly options: EffectsOptions) {}

  async run(job: Job, payload: unknown): Promise<Outcome> {
    for (;;) {
      const attempt: Attempt = { connectionLost: false };
      try {
        return await this.runInTransaction(job, payload, attempt);
      } catch (error) {
        const whose = await this.whoseFault(error, job, attempt);
        if (whose === 'runtime') throw causeOf(error);
        if (whose === 'handler') return this.attemptFailed(job, error, attempt);
      }
    }
  }

  /** COMMIT is sent right behind the record of the success, which rolls it back when it fails: one wait less. */
  private async runInTransaction(job: Job, payload: unknown, attempt: Attempt): Promise<Outcome> {
    const { store, runner } = this.options;
    let recording: Promise<void> | undefined;
    const committed = store.dataSource.transaction((tx) =>
      this.underClaim(tx, job, async () => {
        attempt.startedAt = new Date();
        const outcome = await runner.run(job, payload, { tx }).catch((error: unknown) => {
          // Whatever the handler made of it: it stood on a connection that was gone.
          attempt.connectionLost = tx.queryRunner?.isReleased === true;
          throw error;
        });
        recording = this.recordSuccess(tx, job, outcome);
        recording.catch(() => undefined); // looked at below, after the COMMIT
        return outcome;
      }),
    );
    await committed.catch(() => undefined);
    await recording; // its fault is the reason of the COMMIT's
    attempt.recorded = recording !== undefined;
    return committed;
  }

  /**
   * Before the handler has run, all faults are the runtime's. Afterwards, also where the handler returned: it may have ended
   * its connection or swallowed an error. When COMMIT is in doubt, the next claim knows whether it happened.
   */
  private async whoseFault(error: unknown, job: Job, attempt: Attempt): Promise<WhoseFault> {
    if (!attempt.startedAt) return 'runtime';
    // The record of the success had to wait too long for a lock: no handler's statement. COMMIT waits for what the handler deferred.
    const ofTheRecord = !(error instanceof HandlerFailure) && !attempt.recorded;
    if (ofTheRecord && databaseFaultOf(error) === 'hindered') return 'runtime';
    return this.options.faults.judge(causeOf(error), job, attempt);
  }

  /** The statement that records an outcome fails in a transaction that a swallowed SQL error has aborted. */
  private attemptFailed(job: Job, error: unknown, { startedAt = new Date() }: Attempt): Promise<Outcome> {
    const { runner, logger } = this.options;
    if (!(error instanceof HandlerFailure))
      logger.error({ err: error }, 'The handler left its transaction unusable; nothing of it was kept.');
    return this.recordFailure(job, runner.ended(job, causeOf(error), startedAt));
  }

  /**
   * Whoever holds the job's lock usually has it for a moment: a look at it, or the end of a connection of this very job, of which
   * PostgreSQL tells before it lets go of the lock that was held there.
   */
  private async claim(tx: EntityManager, job: Job, patient: boolean): Promise<StoredClaim> {
    const { inbox } = this.options.store;
    for (let looks = 1; ; looks += 1) {
      const claim: StoredClaim = await inbox.claim(tx, runOf(job), randomUUID(), 0);
      if (claim.kind !== 'busy' || !patient || looks === mostLooks) return claim;
      await pause(lookAgainMs);
    }
  }

  private async underClaim(
    tx: EntityManager,
    job: Job,
    work: () => Promise<Outcome>,
    patient = job.repeats > 0,
  ): Promise<Outcome> {
    const { runner } = this.options;
    const claim = await this.claim(tx, job, patient);
    if (isGranted(claim)) return work();
    if (claim.kind === 'revoked') return recordFailure(this.options, tx, job, runner.revoked(job));
    return refused(claim);
  }

  /**
   * A claim of its own, in a new transaction: the handler's one is rolled back, and its claim with it. What that meets in turn is
   * no reason to run the handler again.
   */
  private async recordFailure(job: Job, failure: Failure): Promise<Outcome> {
    const { store } = this.options;
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await store.dataSource.transaction((tx) =>
          this.underClaim(tx, job, () => recordFailure(this.options, tx, job, failure), true),
        );
      } catch (error) {
        if (repeats === mostRepeats || !runsAgainAtOnce(error)) throw error;
      }
    }
  }

  private async recordSuccess(tx: EntityManager, job: Job, outcome: RecordedOutcome): Promise<void> {
    try {
      await this.options.store.inbox.succeed(tx, runOf(job), outcome);
    } catch (error) {
      throw isClaimLost(error) ? new ClaimLostError(job.id) : error;
    }
  }
}

const causeOf = (error: unknown): unknown => (error instanceof HandlerFailure ? error.cause : error);
