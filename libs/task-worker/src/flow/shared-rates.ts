import type { Flow } from '@mentorhub/task-store';
import type { RateLimit } from '@mentorhub/task-contracts';
import { RateLimiter } from './rate-limiter.js';

/** A rate that holds for all tasks of the same key together, over all replicas. */
export interface SharedRate {
  /** Such as the name of the server that they call. There are as many limiters as keys and queues, so let keys be few. */
  readonly key: string;
  readonly rate: RateLimit;
  /**
   * Who would wait longer goes to the delay ladder meanwhile. What waits counts for the prefetch of its queue: keep it
   * short where the others of the queue do not have the same rate. Default 10.
   */
  readonly longestWaitSeconds?: number;
}

/** The rates of one task; each of them has to allow it, in this order. */
export type SharedRatesOf = (task: string, payload: () => unknown) => readonly SharedRate[];

/** One limiter for each key and queue: what is sent away from one queue makes nobody of another queue wait behind it. */
export class SharedLimiters {
  private readonly limiters = new Map<string, RateLimiter>();

  constructor(
    private readonly ratesOf: SharedRatesOf,
    private readonly flow: Flow,
  ) {}

  of(task: string, queue: string, payload: () => unknown): RateLimiter[] {
    return this.ratesOf(task, payload).map((shared) => this.limiterOf(shared, queue));
  }

  stop(): void {
    for (const limiter of this.limiters.values()) limiter.stop();
  }

  private limiterOf({ key, rate, longestWaitSeconds }: SharedRate, queue: string): RateLimiter {
    const id = `${queue} ${key}`;
    const known = this.limiters.get(id);
    if (known) return known;
    const limiter = new RateLimiter({
      limit: rate,
      lease: (starts, interval, longest) => this.flow.leaseStarts(key, starts, interval, longest),
      ...(longestWaitSeconds !== undefined && { longestWaitSeconds }),
    });
    this.limiters.set(id, limiter);
    return limiter;
  }
}
