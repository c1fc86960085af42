import { setTimeout as pause } from 'node:timers/promises';
import type { StartLease } from '@mentorhub/task-store';
import type { RateLimit } from '@mentorhub/task-contracts';

export interface RateLimiterOptions {
  readonly limit: RateLimit;
  /** Leases starts from what all replicas share. */
  readonly lease: (starts: number, intervalSeconds: number, longestWaitSeconds: number) => Promise<StartLease>;
  /** Who would wait longer than this is sent away. Default {@link longestTurnSeconds}. */
  readonly longestWaitSeconds?: number;
}

/** A start that may be used now, or how long it is until there may be one. */
export type Turn = { readonly kind: 'now' } | { readonly kind: 'later'; readonly seconds: number };

interface Waiter {
  readonly resolve: (turn: Turn) => void;
  readonly reject: (error: unknown) => void;
}

/** Who would wait longer than this goes back to the broker, so that nothing is held unacked for long. */
export const longestTurnSeconds = 10;
/** Starts leased by one round trip are at most what this many seconds allow. */
const blockSeconds = 1;
/** Whoever is late holds a place while it waits for others that are, so it does not for slow rates. */
const longestPaceSeconds = 0.2;
/** Nobody is sent away for longer: by then the rate may be another one. */
const longestAwaySeconds = 3_600;

/**
 * Spaces the starts of one task so that its rate holds over all replicas.
 *
 * Starts are leased from PostgreSQL in blocks, as many as wait here and at most a second's worth, so that a round trip
 * serves many tasks and no start is leased that nobody uses.
 */
export class RateLimiter {
  private readonly waiting: Waiter[] = [];
  /** Those whose start is leased, and the timers that tell them when it comes. */
  private readonly leased = new Map<NodeJS.Timeout, Waiter>();
  private readonly stopping = new AbortController();
  private leasing = false;
  /** When the last one that was sent away comes back, in seconds of this process. */
  private lastBack = 0;
  /** When the last one that was late began. */
  private lastLate = 0;
  private readonly intervalSeconds: number;
  private readonly largestBlock: number;

  constructor(private readonly options: RateLimiterOptions) {
    const { limit, perSeconds } = options.limit;
    this.intervalSeconds = perSeconds / limit;
    this.largestBlock = Math.max(1, Math.floor(blockSeconds / this.intervalSeconds));
  }

  /** Resolves when it is the caller's turn, or with how long that would take. @throws {unknown} the lease failed. */
  turn(): Promise<Turn> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (!this.leasing) void this.serve();
    });
  }

  /**
   * For those whose turn is long over, since there was no place for them: they would all start at once. They begin one interval
   * after the other in this process; each has its start already, so nothing is leased anew.
   */
  async afterOthersThatAreLate(): Promise<void> {
    if (this.intervalSeconds > longestPaceSeconds) return;
    const now = performance.now() / 1000;
    const at = Math.max(now, this.lastLate + this.intervalSeconds);
    this.lastLate = at;
    const { signal } = this.stopping;
    if (at > now) await pause((at - now) * 1000, undefined, { signal }).catch(() => undefined);
  }

  /** Sends away who waits: the process stops. */
  stop(): void {
    this.stopping.abort();
    const leased = [...this.leased].map(([timer, waiter]) => (clearTimeout(timer), waiter));
    this.leased.clear();
    for (const { resolve } of [...this.waiting.splice(0), ...leased]) resolve({ kind: 'later', seconds: 0 });
  }

  private async serve(): Promise<void> {
    this.leasing = true;
    try {
      await Promise.resolve(); // who asks in the same tick shares the block
      while (this.waiting.length > 0) await this.leaseBlock();
    } catch (error) {
      for (const { reject } of this.waiting.splice(0)) reject(error);
    } finally {
      this.leasing = false;
    }
  }

  private async leaseBlock(): Promise<void> {
    const wanted = Math.min(this.waiting.length, this.largestBlock);
    const { lease: leaseOf, longestWaitSeconds = longestTurnSeconds } = this.options;
    const lease = await leaseOf(wanted, this.intervalSeconds, longestWaitSeconds);
    if ('waitSeconds' in lease) return this.sendAway(lease.waitSeconds);
    for (let n = 0; n < lease.starts; n += 1) {
      const seconds = Math.max(0, lease.firstInSeconds + n * this.intervalSeconds);
      const waiter = this.waiting.shift();
      if (waiter) this.tellIn(seconds, waiter);
    }
  }

  private tellIn(seconds: number, waiter: Waiter): void {
    const timer = setTimeout(() => {
      this.leased.delete(timer);
      waiter.resolve({ kind: 'now' });
    }, seconds * 1000);
    this.leased.set(timer, waiter);
  }

  /** Each a start later than the one before, also than those of earlier: a long queue of them comes back one by one. */
  private sendAway(waitSeconds: number): void {
    const now = performance.now() / 1000;
    for (const { resolve } of this.waiting.splice(0)) {
      const back = Math.max(now + waitSeconds, this.lastBack + this.intervalSeconds);
      this.lastBack = Math.min(back, now + longestAwaySeconds);
      resolve({ kind: 'later', seconds: this.lastBack - now });
    }
  }
}
