import { ContractError } from './contract-rules.js';

/**
 * How a delay is spread, so that what failed together does not come back together: not at all, between half of it and
 * all of it, or between nothing and all of it.
 */
export type Jitter = 'none' | 'equal' | 'full';
export const jitters: readonly Jitter[] = ['none', 'equal', 'full'];

/** When a failed attempt is followed by another. Retry n (from 0) waits `delaySeconds × factor^n`, at most `maxDelaySeconds`. */
export interface RetryPolicy {
  /** Retries after the first attempt; 0 fails at once. Default 3. */
  readonly maxRetries: number;
  /** Seconds before the first retry. Default 60. */
  readonly delaySeconds: number;
  /** What each further delay is multiplied by, from 1. Default 2. */
  readonly factor: number;
  /** The longest delay in seconds, also for `RetryLater`. Default 3600. */
  readonly maxDelaySeconds: number;
  /** Default `equal`. */
  readonly jitter: Jitter;
}

/** Of the set-up that this platform replaces: 3 retries after 60, 120 and 240 seconds. */
export const defaultRetryPolicy: RetryPolicy = {
  maxRetries: 3,
  delaySeconds: 60,
  factor: 2,
  maxDelaySeconds: 3_600,
  jitter: 'equal',
};

export const mostRetries = 1_000;
/** What the delay ladder can hold (36 h): retries of tasks without a row wait there. */
export const longestRetryDelaySeconds = 2 ** 17 - 1;

/** Fills in what a contract or a call leaves open. @throws {ContractError} what is given contradicts itself. */
export function retryPolicy(
  name: string,
  given: Partial<RetryPolicy> = {},
  base: RetryPolicy = defaultRetryPolicy,
): RetryPolicy {
  const policy = { ...base, ...withoutUndefined(given) };
  const fault = faultOf(policy);
  if (fault) throw new ContractError(`${name}: ${fault}`);
  return Object.freeze(policy);
}

function faultOf({ maxRetries, delaySeconds, factor, maxDelaySeconds, jitter }: RetryPolicy): string | undefined {
  if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > mostRetries)
    return `retry.maxRetries is a whole number from 0 to ${mostRetries}, not ${maxRetries}.`;
  if (!isWithin(delaySeconds, 0, longestRetryDelaySeconds))
    return `retry.delaySeconds is from 0 to ${longestRetryDelaySeconds}, not ${delaySeconds}.`;
  if (!isWithin(factor, 1, 100)) return `retry.factor is from 1 to 100, not ${factor}.`;
  if (!isWithin(maxDelaySeconds, Number.MIN_VALUE, longestRetryDelaySeconds))
    return `retry.maxDelaySeconds is above 0 and at most ${longestRetryDelaySeconds}, not ${maxDelaySeconds}.`;
  if (!jitters.includes(jitter)) return `retry.jitter is ${jitters.join(', ')}, not ${String(jitter)}.`;
  return undefined;
}

/** What a message overrides comes from JSON that anybody may have written. */
const isWithin = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

const withoutUndefined = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;

/**
 * Seconds to wait before the attempt that follows `retries` earlier retries.
 *
 * @param random from 0 to 1.
 */
export function retryDelaySeconds(policy: RetryPolicy, retries: number, random: number = Math.random()): number {
  // The power may be infinite, and nothing times that is no number.
  const full = policy.delaySeconds && Math.min(policy.delaySeconds * policy.factor ** retries, policy.maxDelaySeconds);
  if (policy.jitter === 'none') return full;
  return policy.jitter === 'full' ? full * random : full * (0.5 + random / 2);
}
