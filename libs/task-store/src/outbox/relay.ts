import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { relayMetrics } from '@mentorhub/metrics';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseClock } from '../database-clock.js';
import type { Logger } from '../logger.js';
import { Coalescer } from './coalescer.js';
import type { FailedItem, Outbox, OutboxItem } from './outbox.js';

export interface RelayOptions {
  readonly outboxes: readonly Outbox[];
  readonly publisher: MessagePublisher;
  readonly logger: Logger;
  /** Is asked for the database's time every second. */
  readonly clock?: Pick<DatabaseClock, 'learn'>;
  /** Rows taken by one lease. Default 500. */
  readonly batchSize?: number;
}

const longestSleepSeconds = 1;
const learnTimeEveryMs = 1_000;
/** Between two looks at rows that are due and that somebody else holds locked: doubled with each, up to the longest. */
const shortestRetrySeconds = 0.005;
const longestRetrySeconds = 0.25;
/** After rows that did not fill a batch: how long more may fall due before the next look. */
const gatherSeconds = 0.015;
/** What a process that lags leaves to others for as long, at most. */
const mostLagSeconds = 0.25;
const shortestLagSeconds = 0.02;
/** Between two passes without a sleep, a timer so long tells how late they ring. */
const probeSeconds = 0.005;
/** As many batches' rows may be on their way at once; above that no more are leased. */
const mostBatches = 8;
/** Nobody waits for the mark, and the lease is far longer. Each statement costs more than the rows in it. */
const markEveryMs = 25;
/** Rows that could not be marked, since somebody holds them or PostgreSQL was away, are marked a second later, for as long. */
const markAgainMs = 1_000;
const markWithinMs = 120_000;

/**
 * Publishes what the outboxes hold. One runs in every process that enqueues; any number may run at once.
 *
 * 1. A row is leased in a short transaction, never locked while it is published.
 * 2. All leased rows are published pipelined, and all their confirms awaited.
 * 3. Confirmed rows are marked in one statement, the others given back with a backoff.
 *
 * A crash between 2 and 3 publishes again with the same id, run and attempt: at least once.
 */
export class Relay {
  private readonly committed: Map<Outbox, Coalescer<string>>;
  private readonly confirmed: Map<Outbox, Coalescer<Confirmed>>;
  private readonly failed: Map<Outbox, Coalescer<FailedItem>>;
  /** What this process is publishing: a row whose first lease runs out meanwhile is not published beside it. */
  private readonly underWay = new Map<string, OutboxItem>();
  /** How long the last look at due rows that could not be leased waited for the next. */
  private readonly retries = new Map<Outbox, number>();
  private readonly leased = new Set<Promise<void>>();
  private readonly committing = new Set<Promise<void>>();
  private stopping = false;
  private loop: Promise<void> | undefined;
  private sleeping = new AbortController();
  private woken = false;
  /** How late timers ring here: how long the relay's work waits for the rest of the process. */
  private lagSeconds = 0;
  private probing = false;
  /** Lets the loop go on that waits since too many rows are under way. */
  private roomMade: (() => void) | undefined;
  private timeLearntAt = -Infinity;
  private learning: Promise<void> | undefined;

  constructor(private readonly options: RelayOptions) {
    const { outboxes } = options;
    this.committed = new Map(
      outboxes.map((outbox) => [outbox, new Coalescer((ids) => this.publishCommitted(outbox, ids))]),
    );
    this.confirmed = new Map(
      outboxes.map((outbox) => [outbox, new Coalescer((items) => this.markConfirmed(outbox, items), markEveryMs)]),
    );
    this.failed = new Map(
      outboxes.map((outbox) => [outbox, new Coalescer((items) => this.release(outbox, items), markEveryMs)]),
    );
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** Ends the polling and waits for what is being published; idempotent. What is left is taken by other relays. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.loop;
    await this.learning;
    for (const coalescer of this.committed.values()) await coalescer.settled();
    await Promise.all([...this.leased, ...this.committing]);
    for (const coalescer of [...this.confirmed.values(), ...this.failed.values()]) await coalescer.settled();
  }

  /** Publishes rows that this process inserted, right after their commit, when they are there for sure. */
  publishWritten(outbox: Outbox, items: readonly OutboxItem[]): void {
    // Without a broker the rows stay leased for some seconds and are then taken by a relay.
    if (this.options.publisher.ready) this.keepUntilDone(this.publish(outbox, items), this.committing);
  }

  /** Publishes rows that this process inserted, right after their commit; looks first whether they are really there. */
  publishNow(outbox: Outbox, ids: readonly string[]): void {
    this.committed.get(outbox)?.add(ids);
  }

  /** Looks for due rows now. */
  wake(): void {
    this.woken = true;
    this.sleeping.abort();
  }

  /** Looks for due rows in so many seconds at the latest; for a row that this process wrote with a short delay, or none. */
  wakeAt(delaySeconds: number): void {
    if (delaySeconds <= 0) this.wake();
    else if (delaySeconds < longestSleepSeconds && !this.stopping)
      setTimeout(() => this.wake(), delaySeconds * 1000).unref();
  }

  private get batchSize(): number {
    return this.options.batchSize ?? 500;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const pause = await this.pass().catch((error: unknown) => this.passFailed(error));
      if (pause > 0 && !this.stopping && !this.woken) await this.sleep(pause);
      else this.probeLag();
      this.woken = false;
    }
  }

  /** One look at every outbox; answers how many seconds to sleep. */
  private async pass(): Promise<number> {
    this.learnTime();
    if (!this.options.publisher.hasRoom) return longestSleepSeconds / 4;
    // Settled, also when one fails: after a pass nothing is claimed any more, or `stop` would leave it behind.
    const visits = await Promise.allSettled(this.options.outboxes.map((outbox) => this.visit(outbox)));
    const pauses = visits.map(valueOf);
    // A queue that confirms slowly or never holds up its own rows, not those of the others.
    if (this.isFull) await new Promise<void>((resolve) => (this.roomMade = resolve));
    return Math.min(longestSleepSeconds, ...pauses);
  }

  /** Beside all else: it may have to wait, and what hinders it hinders the looks as well, which say so. */
  private learnTime(): void {
    const { clock } = this.options;
    if (!clock || this.learning || performance.now() - this.timeLearntAt < learnTimeEveryMs) return;
    this.timeLearntAt = performance.now();
    this.learning = clock
      .learn()
      .catch(() => undefined)
      .finally(() => (this.learning = undefined));
  }

  private async visit(outbox: Outbox): Promise<number> {
    const items = await outbox.claim(this.batchSize, this.lagSeconds);
    if (items.length > 0) this.keepUntilDone(this.publish(outbox, items), this.leased);
    return this.pauseAfter(outbox, items.length);
  }

  /** Looking all the time at rows that fall due one after the other would cost more than publishing them. */
  private async pauseAfter(outbox: Outbox, claimed: number): Promise<number> {
    if (claimed === this.batchSize) return 0;
    if (claimed > 0) return this.lookedWell(outbox, gatherSeconds);
    const seconds = ((await outbox.secondsToNext()) ?? longestSleepSeconds) + this.lagSeconds;
    return seconds > 0 ? this.lookedWell(outbox, Math.max(shortestRetrySeconds, seconds)) : this.lookAgain(outbox);
  }

  private lookedWell(outbox: Outbox, pause: number): number {
    this.retries.delete(outbox);
    return pause;
  }

  /** Something is due and was not given: somebody has its row locked, perhaps for long. Nobody tells when it is free. */
  private lookAgain(outbox: Outbox): number {
    const before = this.retries.get(outbox) ?? shortestRetrySeconds / 2;
    const pause = Math.min(longestRetrySeconds, before * 2);
    this.retries.set(outbox, pause);
    return pause;
  }

  private passFailed(error: unknown): number {
    this.options.logger.warn(
      { away: 'the outbox', err: error },
      'The relay could not read its outbox; it tries again.',
    );
    return longestSleepSeconds;
  }

  private async publishCommitted(outbox: Outbox, ids: string[]): Promise<void> {
    // On any fault the rows stay leased for some seconds and are then taken by a relay.
    try {
      if (!this.options.publisher.ready) return;
      const items = await outbox.committed(ids);
      if (items.length > 0) this.keepUntilDone(this.publish(outbox, items), this.committing);
    } catch (error) {
      this.options.logger.warn({ err: error }, 'Rows just committed could not be read; the relay takes them over.');
    }
  }

  private async publish(outbox: Outbox, items: readonly OutboxItem[]): Promise<void> {
    await Promise.all(items.map((item) => this.publishOne(outbox, item)));
  }

  private async release(outbox: Outbox, failed: FailedItem[]): Promise<void> {
    try {
      await outbox.release(failed);
    } catch (error) {
      this.options.logger.warn(
        { err: error, rows: failed.length },
        'Unpublished rows could not be given back; their lease runs out.',
      );
    }
  }

  /** Publishing is not awaited: rows that are due or committed meanwhile need not wait for these confirms. */
  private keepUntilDone(publishing: Promise<void>, underWay: Set<Promise<void>>): void {
    underWay.add(publishing);
    void publishing.finally(() => underWay.delete(publishing));
  }

  private async publishOne(outbox: Outbox, item: OutboxItem): Promise<void> {
    const attempt = `${item.id} ${item.run} ${item.attempt}`;
    const isUnderWay = this.underWay.has(attempt);
    this.underWay.set(attempt, item); // with the lease that it has now, should it be given back
    if (isUnderWay) return;
    try {
      await this.options.publisher.publish(item.message);
      relayMetrics.publish.inc({ outcome: 'confirmed' });
      relayMetrics.lateness.observe(Math.max(0, (Date.now() - item.dueAt.getTime()) / 1000));
      this.confirmed.get(outbox)?.add([{ item, until: performance.now() + markWithinMs }]);
    } catch (error) {
      this.failed.get(outbox)?.add([this.publishFailed(this.underWay.get(attempt) ?? item, error)]);
    } finally {
      this.underWay.delete(attempt);
      if (!this.isFull) this.roomMade?.();
    }
  }

  private get isFull(): boolean {
    return this.underWay.size >= mostBatches * this.batchSize;
  }

  private publishFailed(item: OutboxItem, error: unknown): FailedItem {
    const { failure, unsendable } = error instanceof PublishError ? error : unknownFailure;
    // A full line of our own is no fault of the message either, so neither counts as a try of it.
    const brokerAway = failure === 'disconnected' || (failure === 'refused' && !unsendable);
    if (failure === 'nacked' || failure === 'returned' || failure === 'timeout')
      relayMetrics.publish.inc({ outcome: failure });
    if (!brokerAway) {
      const fields = { taskId: item.id, attempts: item.publishAttempts, failure, err: error };
      this.options.logger.warn(fields, 'A message could not be published; it is tried again later.');
    }
    return { item, reason: (error as Error).message, brokerAway };
  }

  private async markConfirmed(outbox: Outbox, confirmed: Confirmed[]): Promise<void> {
    try {
      const left = new Set(await outbox.confirm(confirmed.map(({ item }) => item)));
      if (left.size > 0)
        this.markLater(
          outbox,
          confirmed.filter(({ item }) => left.has(item.id)),
        );
    } catch (error) {
      this.options.logger.warn(
        { err: error, rows: confirmed.length },
        'Published rows could not be marked; it is tried again. Those whose lease runs out before are published again.',
      );
      this.markLater(outbox, confirmed);
    }
  }

  private markLater(outbox: Outbox, confirmed: Confirmed[]): void {
    const now = performance.now();
    const inTime = confirmed.filter(({ until }) => until > now);
    if (inTime.length === 0 || this.stopping) return;
    setTimeout(() => this.confirmed.get(outbox)?.add(inTime), markAgainMs).unref();
  }

  /** Rows that a process would publish late anyway are left to the others meanwhile. */
  private noteLag(seconds: number): void {
    this.lagSeconds = seconds < shortestLagSeconds ? 0 : Math.min(mostLagSeconds, seconds);
  }

  /** A relay with much to do never sleeps, and would not notice that the process has time again. */
  private probeLag(): void {
    if (this.probing) return;
    this.probing = true;
    const since = performance.now();
    const rung = () => {
      this.probing = false;
      this.noteLag((performance.now() - since) / 1000 - probeSeconds);
    };
    setTimeout(rung, probeSeconds * 1000).unref();
  }

  private async sleep(seconds: number): Promise<void> {
    this.sleeping = new AbortController();
    const { signal } = this.sleeping;
    const since = performance.now();
    const slept = await delay(seconds * 1000, true, { signal }).catch(() => false);
    if (slept) this.noteLag((performance.now() - since) / 1000 - seconds);
  }
}

interface Confirmed {
  readonly item: OutboxItem;
  /** When marking it is given up, in milliseconds of `performance.now()`. */
  readonly until: number;
}

const unknownFailure = { failure: 'refused', unsendable: true } as const;

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
