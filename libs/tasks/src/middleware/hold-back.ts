import type { TaskStore } from '@mentorhub/task-store';
import type { AnyTaskContract, Catalogue } from '../define/index.js';
import { KeySlots } from '../flow/key-slots.js';
import { longestTurnSeconds, RateLimiter } from '../flow/rate-limiter.js';
import type { Outcome } from '../outcomes/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import type { Job } from '../server/job.js';
import { UnreadableMessage } from '../server/decode-delivery.js';

/** How long a task whose key is busy stays away before it asks again. */
const keyBusySeconds = 3;

/**
 * Holds a task back whose rate or whose key is used up. It waits without a place in its queue's concurrency, so that the
 * others go by; whoever would wait for more than 10 s goes to the delay ladder meanwhile. Neither is an attempt.
 */
export class HoldBack {
  private readonly limiters: ReadonlyMap<string, RateLimiter>;
  private readonly slots: KeySlots;
  private stopped = false;

  constructor(
    catalogue: Catalogue,
    private readonly options: EffectsOptions,
  ) {
    const limited = [...catalogue.tasks.values()].filter(({ rateLimit }) => rateLimit !== undefined);
    this.limiters = new Map(limited.map((contract) => [contract.name, limiterOf(contract, options.store)]));
    this.slots = new KeySlots({ flow: options.store.flow, logger: options.logger });
  }

  /** Sends away who waits: the process stops. */
  stop(): void {
    this.stopped = true;
    this.slots.stop();
    for (const limiter of this.limiters.values()) limiter.stop();
  }

  readonly step = async (job: Job, next: () => Promise<Outcome>): Promise<Outcome> => {
    const { contract } = job;
    if (contract.kind === 'event') return next();
    const limiter = this.limiters.get(contract.name);
    if (!limiter && !contract.concurrencyKey) return next();
    try {
      return await this.underKey(job, contract, () => this.inTurn(job, limiter, next));
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  };

  private async underKey(job: Job, contract: AnyTaskContract, next: () => Promise<Outcome>): Promise<Outcome> {
    const key = contract.concurrencyKey?.(this.options.runner.payloadOf(job) as never);
    if (key === undefined) return next();
    const free = await job.waitAside(
      this.slots.take(`${contract.name} ${key}`, contract.concurrencyLimit, longestTurnSeconds),
    );
    if (!free) return this.away(keyBusySeconds);
    return next().finally(free);
  }

  private async inTurn(job: Job, limiter: RateLimiter | undefined, next: () => Promise<Outcome>): Promise<Outcome> {
    if (!limiter) return next();
    const turn = await job.waitAside(limiter.turn());
    return turn.kind === 'now' && !this.stopped ? next() : this.away(turn.kind === 'later' ? turn.seconds : 0);
  }

  private away(seconds: number): Outcome {
    return this.stopped ? { kind: 'unstarted' } : { kind: 'postponed', seconds };
  }
}

function limiterOf({ name, rateLimit }: AnyTaskContract, store: TaskStore): RateLimiter {
  if (!rateLimit) throw new Error(`${name} has no rate limit.`);
  return new RateLimiter({
    limit: rateLimit,
    lease: (starts, interval, longest) => store.flow.leaseStarts(name, starts, interval, longest),
  });
}
