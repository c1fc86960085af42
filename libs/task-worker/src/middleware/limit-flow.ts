import type { TaskStore } from '@mentorhub/task-store';
import type { AnyTaskContract, Catalogue } from '@mentorhub/task-contracts';
import { KeySlots } from '../flow/key-slots.js';
import { longestTurnSeconds, RateLimiter, type Turn } from '../flow/rate-limiter.js';
import { SharedLimiters, type SharedRatesOf } from '../flow/shared-rates.js';
import type { Outcome } from '../outcome/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import { queueOf, type Job } from '../job/job.js';
import { UnreadableMessage } from '../job/decode-delivery.js';
import { only } from './middleware.js';

/** How long after a turn its place may come. */
const latestPlaceMs = 1_000;

/** How long a task whose key is busy stays away before it asks again. */
const keyBusySeconds = 3;

/**
 * Holds a task back whose rate or whose key is used up. It waits without a place in its queue's concurrency, so that the
 * others go by; whoever would wait for more than 10 s goes to the delay ladder meanwhile. Neither is an attempt.
 */
export class LimitFlow {
  private readonly limiters: ReadonlyMap<string, RateLimiter>;
  private readonly slots: KeySlots;
  private readonly shared: SharedLimiters | undefined;
  private stopped = false;

  constructor(
    catalogue: Catalogue,
    private readonly options: EffectsOptions,
    sharedRates?: SharedRatesOf,
  ) {
    const limited = [...catalogue.tasks.values()].filter(({ rateLimit }) => rateLimit !== undefined);
    this.limiters = new Map(limited.map((contract) => [contract.name, limiterOf(contract, options.store)]));
    this.slots = new KeySlots({ flow: options.store.flow, logger: options.logger });
    this.shared = sharedRates && new SharedLimiters(sharedRates, options.store.flow);
  }

  /** Sends away who waits: the process stops. */
  stop(): void {
    this.stopped = true;
    this.slots.stop();
    for (const limiter of this.limiters.values()) limiter.stop();
    this.shared?.stop();
  }

  readonly step = only(
    (contract) => this.mayLimit(contract),
    (job, next) => this.limited(job, next),
  );

  private mayLimit(contract: Job['contract']): boolean {
    if (contract.kind === 'event') return false;
    return this.limiters.has(contract.name) || contract.concurrencyKey !== undefined || this.shared !== undefined;
  }

  private async limited(job: Job, next: () => Promise<Outcome>): Promise<Outcome> {
    const { contract } = job;
    if (contract.kind === 'event') return next();
    try {
      return await this.underKey(job, contract, () => this.inTurn(job, this.limitersOf(job), next));
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  }

  private async underKey(job: Job, contract: AnyTaskContract, next: () => Promise<Outcome>): Promise<Outcome> {
    const { concurrencyKey } = contract;
    const key =
      concurrencyKey && this.told(job, 'concurrency key', (payload) => storable(concurrencyKey(payload() as never)));
    if (key === undefined) return next();
    const take = (seconds: number) => this.slots.take(`${contract.name} ${key}`, contract.concurrencyLimit, seconds);
    // Who gave up its place for a slot that is free would hold the slot until there is a place again.
    const free = (await take(0)) ?? (await job.waitWithoutPlace(take(longestTurnSeconds)));
    if (!free) return this.away(keyBusySeconds);
    try {
      return await next();
    } finally {
      await free();
    }
  }

  /** What a contract or a deployment tells from a payload. A function that throws would do so each time. */
  private told<T>(job: Job, what: string, tell: (payload: () => unknown) => T): T {
    try {
      return tell(() => this.options.runner.payloadOf(job));
    } catch (err) {
      if (err instanceof UnreadableMessage) throw err;
      this.options.logger.error({ err }, `The ${what} of a task cannot be told from its payload; it is parked.`);
      throw new UnreadableMessage('invalid-payload', `Its ${what} cannot be told from its payload.`);
    }
  }

  private limitersOf(job: Job): RateLimiter[] {
    const own = this.limiters.get(job.contract.name);
    const { shared: deployed } = this;
    const shared = deployed
      ? this.told(job, 'rates', (payload) => deployed.of(job.contract.name, queueOf(job), payload))
      : [];
    return own ? [...shared, own] : shared;
  }

  private async inTurn(job: Job, limiters: readonly RateLimiter[], next: () => Promise<Outcome>): Promise<Outcome> {
    for (const limiter of limiters) {
      if (this.stopped) return this.away(0);
      const turn = await this.turnOf(limiter, job);
      if (turn.kind === 'later' || this.stopped) return this.away(turn.kind === 'later' ? turn.seconds : 0);
    }
    return next();
  }

  private async turnOf(limiter: RateLimiter, job: Job): Promise<Turn> {
    let turnAt = Infinity;
    const turn = await job.waitWithoutPlace(limiter.turn().finally(() => (turnAt = performance.now())));
    if (turn.kind === 'now' && performance.now() - turnAt > latestPlaceMs) await limiter.afterOthersThatAreLate();
    return turn;
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

/** @throws {RangeError} a key that PostgreSQL cannot hold. */
function storable(key: string | undefined): string | undefined {
  if (key?.includes('\0')) throw new RangeError('A concurrency key cannot hold a NUL character.');
  return key;
}
