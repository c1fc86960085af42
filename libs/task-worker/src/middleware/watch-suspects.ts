import type { Outcome, RecordedOutcome } from '../outcome/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import { graceSeconds, longestWaitBehindSeconds, mostStarts, watchedFromRedelivery } from '../running/poison.js';
import { recordFailure } from '../running/record-failure.js';
import { SharedExclusiveLock, type Leave } from '../running/shared-exclusive-lock.js';
import { UnreadableMessage } from '../job/decode-delivery.js';
import { timeLimitOf, type Job, runOf } from '../job/job.js';

/** A start in this process, and what of it is on record. */
interface Start {
  /** In `starts`, written here; a claim writes its own. */
  marked: boolean;
  /** In `lone_starts`. */
  counted: boolean;
  /** Not to be taken back again. */
  takenBack: boolean;
}

const newStart = (record: Pick<Start, 'marked' | 'counted'>): Start => ({ ...record, takenBack: false });

/** How long one that cannot be alone here stays away before it asks again, anywhere. */
const elsewhereSeconds = 5;

/**
 * Finds messages that end their workers, or never let go of them, and parks them as poison.
 *
 * 1. A message that came back may have ended its worker: its start is committed before it runs. (With `external` effects
 *    every claim is such a start.) What was only fetched has none, and runs beside others however often it came back.
 * 2. One with such a start that has not ended runs alone in its process, and only a start that it runs alone is counted:
 *    whatever ran beside it when its worker died is not to blame. One that cannot be alone here looks elsewhere, uncounted.
 * 3. A handler that has not returned long after its hard limit is to blame, whatever runs beside it: that counts as well,
 *    and once more each time its message comes to the process where it still hangs.
 * 4. After three of them it is parked. Every end takes them back; so does the stop of the process, which may end in a SIGKILL.
 */
export class SuspectWatch {
  private readonly lock = new SharedExclusiveLock(longestWaitBehindSeconds);
  private readonly starts = new Map<Job, Start>();
  private readonly hanging = new Set<Job>();
  /** What could not be taken back, since PostgreSQL was away. */
  private readonly owed = new WeakMap<Job, Start>();
  private stopped = false;

  constructor(private readonly options: EffectsOptions) {}

  /** Before anything that waits for the handler that hangs. */
  readonly refuseHanging = async (job: Job, next: () => Promise<Outcome>): Promise<Outcome> =>
    this.hangsHere(job) ? this.decide(() => this.cameBackToHangingHandler(job)) : next();

  /** Nothing is known against what has not come back, and usually nobody is alone or wants to be. */
  readonly step = (job: Job, next: () => Promise<Outcome>): Promise<Outcome> => {
    const leave = job.redeliveries < watchedFromRedelivery ? this.lock.sharedNow(longestSeconds(job)) : undefined;
    return leave ? this.unsuspected(job, next, leave) : this.decide(() => this.watched(job, next));
  };

  /** Told of a handler that has not returned long after its hard limit. */
  async noticeHanging(job: Job): Promise<void> {
    const start = this.starts.get(job);
    if (!start) return;
    this.hanging.add(job);
    const { logger, store } = this.options;
    const what = { task_id: job.id, task: job.contract.name };
    logger.error(what, 'A handler has not returned though its hard limit is over. It keeps its place until it does.');
    if (start.counted || this.stopped) return;
    start.counted = true;
    try {
      await store.inbox.countLoneStart(store.dataSource.manager, runOf(job));
      // It returned in this very moment.
      if (this.starts.get(job) !== start) await store.inbox.forgetStarts(store.dataSource.manager, runOf(job));
    } catch (error) {
      logger.warn({ ...what, err: error }, 'That a handler hangs could not be counted.');
    }
  }

  /** What runs now may be ended by a SIGKILL when it takes too long, and is not to blame for that. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.lock.stop();
    await Promise.all([...this.starts].map(([job, start]) => this.takeBackAtStop(job, start)));
  }

  private async decide(work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  }

  private async unsuspected(job: Job, next: () => Promise<Outcome>, leave: Leave): Promise<Outcome> {
    const start = newStart({ marked: false, counted: false });
    this.starts.set(job, start);
    try {
      // The broker may have given it to somebody else while it waited for its turn.
      if (!job.delivery.channelOpen) return { kind: 'superseded' };
      const outcome = await next();
      this.forget(job);
      if (start.counted) await this.ended(job, start, outcome); // it hung, and has returned after all
      return outcome;
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    } finally {
      this.forget(job);
      leave();
    }
  }

  private async watched(job: Job, next: () => Promise<Outcome>): Promise<Outcome> {
    if (job.redeliveries < watchedFromRedelivery) return this.beside(job, next);
    const { inbox, dataSource } = this.options.store;
    await this.settleOwed(job);
    const found = await inbox.startsOf<RecordedOutcome>(dataSource.manager, runOf(job));
    // Parked already, for a light one, which makes no claim that would tell: a copy, or its ack was lost.
    if (found?.ended) return { kind: 'duplicate', of: found.ended };
    if (found?.busy) return { kind: 'busy' };
    if (found && found.lone >= mostStarts) return this.park(job);
    return found && found.starts > 0 ? this.alone(job, next) : this.beside(job, next);
  }

  private async beside(job: Job, next: () => Promise<Outcome>): Promise<Outcome> {
    const leave = await this.lock.shared(longestSeconds(job));
    const { inbox, dataSource } = this.options.store;
    const marked = job.redeliveries >= watchedFromRedelivery && !isExternal(job);
    return this.during(leave, job, next, newStart({ marked, counted: false }), () =>
      marked ? inbox.markStart(dataSource.manager, runOf(job)) : undefined,
    );
  }

  private async alone(job: Job, next: () => Promise<Outcome>): Promise<Outcome> {
    const { store, logger } = this.options;
    const leave = await this.lock.exclusive(longestSeconds(job));
    return this.during(leave, job, next, newStart({ marked: false, counted: true }), async () => {
      const count = await store.inbox.countLoneStart(store.dataSource.manager, runOf(job));
      const what = { task_id: job.id, task: job.contract.name, starts: count };
      logger.warn(what, 'A task that was started before and did not end runs alone, in case it ends its worker.');
    });
  }

  private async during(
    leave: Leave | undefined,
    job: Job,
    next: () => Promise<Outcome>,
    start: Start,
    record: () => Promise<void> | undefined,
  ): Promise<Outcome> {
    if (!leave) return this.stopped ? unstarted : { kind: 'postponed', seconds: elsewhereSeconds };
    try {
      // The broker may have given it to somebody else while it waited.
      if (!job.delivery.channelOpen) return { kind: 'superseded' };
      await record();
      const outcome = this.stopped ? unstarted : await this.run(job, start, next);
      await this.ended(job, start, outcome);
      return outcome;
    } finally {
      leave();
    }
  }

  private async run(job: Job, start: Start, next: () => Promise<Outcome>): Promise<Outcome> {
    this.starts.set(job, start);
    try {
      return await next();
    } finally {
      this.forget(job);
    }
  }

  private forget(job: Job): void {
    this.starts.delete(job);
    this.hanging.delete(job);
  }

  private async ended(job: Job, start: Start, outcome: Outcome): Promise<void> {
    if (!start.marked && !start.counted) return;
    const { inbox, dataSource } = this.options.store;
    if (decisions.has(outcome.kind)) {
      if (!isInInbox(job, outcome)) await inbox.forgetStarts(dataSource.manager, runOf(job));
      return;
    }
    if (start.takenBack) return;
    await this.takeBack(job, start).catch((error: unknown) => {
      this.owed.set(job, start);
      if (outcome.kind !== 'fault') throw error;
    });
  }

  private async settleOwed(job: Job): Promise<void> {
    const start = this.owed.get(job);
    if (start) await this.takeBack(job, start);
    this.owed.delete(job);
  }

  private takeBack(job: Job, { marked, counted }: Pick<Start, 'marked' | 'counted'>): Promise<void> {
    const { inbox, dataSource } = this.options.store;
    return inbox.takeBack(dataSource.manager, runOf(job), { starts: Number(marked), lone: Number(counted) });
  }

  private async takeBackAtStop(job: Job, start: Start): Promise<void> {
    const { marked, counted } = start;
    const claimed = isExternal(job) && !counted;
    if (this.hanging.has(job)) return;
    start.takenBack = true;
    if (marked || counted || claimed)
      await this.takeBack(job, { marked: marked || claimed, counted }).catch((error: unknown) =>
        this.options.logger.warn({ err: error }, 'The start of a task that runs could not be taken back.'),
      );
  }

  private hangsHere({ id, run, attempt }: Job): boolean {
    return (
      this.hanging.size > 0 &&
      [...this.hanging].some((job) => job.id === id && job.run === run && job.attempt === attempt)
    );
  }

  private async cameBackToHangingHandler(job: Job): Promise<Outcome> {
    const { inbox, dataSource } = this.options.store;
    const counted = await inbox.countLoneStart(dataSource.manager, runOf(job));
    if (counted >= mostStarts) return this.park(job);
    return { kind: 'postponed', seconds: Math.max(elsewhereSeconds, timeLimitOf(job).hardSeconds) };
  }

  private park(job: Job): Promise<Outcome> {
    const { store, runner } = this.options;
    return store.dataSource.transaction((tx) => recordFailure(this.options, tx, job, runner.poisoned(job)));
  }
}

const longestSeconds = (job: Job): number => timeLimitOf(job).hardSeconds + graceSeconds;
const isExternal = ({ contract }: Job): boolean => contract.kind === 'task' && contract.effects === 'external';
const isLight = ({ contract }: Job): boolean => contract.kind === 'task' && contract.effects === 'idempotent';

/** Whether the inbox holds the outcome: then the starts are forgotten with it. */
const isInInbox = (job: Job, outcome: Outcome): boolean =>
  !isLight(job) && !(outcome.kind === 'retrying' && outcome.through === 'ladder');

const unstarted: Outcome = { kind: 'unstarted' };
const decisions: ReadonlySet<Outcome['kind']> = new Set(['succeeded', 'failed', 'revoked', 'retrying', 'duplicate']);
