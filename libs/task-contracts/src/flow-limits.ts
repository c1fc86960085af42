import { ContractError } from './contract-rules.js';

/** At most `limit` starts in any `perSeconds`, evenly spaced, over all replicas together. */
export interface RateLimit {
  readonly limit: number;
  /** Default 1. */
  readonly perSeconds: number;
}

/** @throws {ContractError} a rate that is no positive number. */
export function rateLimitOf(
  name: string,
  given: { readonly limit: number; readonly perSeconds?: number } | undefined,
): RateLimit | undefined {
  if (!given) return undefined;
  const { limit, perSeconds = 1 } = given;
  if (limit > 0 && perSeconds > 0 && Number.isFinite(limit) && Number.isFinite(perSeconds))
    return Object.freeze({ limit, perSeconds });
  throw new ContractError(`${name}: a rate limit is two positive numbers, not ${limit} per ${perSeconds} s.`);
}

/** @throws {ContractError} no whole number from 1 to 1,000. */
export function concurrencyLimitOf(name: string, given = 1): number {
  if (Number.isInteger(given) && given >= 1 && given <= 1_000) return given;
  throw new ContractError(`${name}: concurrencyLimit is a whole number from 1 to 1000, not ${given}.`);
}
