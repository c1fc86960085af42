import type { RateLimit } from '@mentorhub/task-contracts';
import type { SharedRate, SharedRatesOf } from '@mentorhub/task-worker';
import { readDomainRates, readRate } from './read-rates.js';

/** Mails to a slow domain must not take the places of those to others, so they soon go to the delay ladder. */
const longestDomainWaitSeconds = 1;

export interface SendingRatesOptions {
  /** SMTP_RATE: of all mails together. */
  readonly rate: string;
  /** SMTP_DOMAIN_RATES: of those to a domain, besides. */
  readonly domainRates: string;
}

/**
 * How many mails may be begun in a time, over all replicas. A mail that has to wait spends no attempt.
 *
 * @returns undefined when nothing is limited
 * @throws Error with a sentence when an option is not usable
 */
export function sendingRates({ rate, domainRates }: SendingRatesOptions): SharedRatesOf | undefined {
  const ofAll = readRate(rate);
  const ofDomains = readDomainRates(domainRates);
  if (!ofAll && ofDomains.size === 0) return undefined;
  return (task, payload) => {
    if (!/^email\.send(-|$)/.test(task)) return [];
    const domain = ofDomains.size > 0 ? domainOf(payload()) : undefined;
    return [...rateOfDomain(domain, ofDomains), ...(ofAll ? [{ key: 'smtp', rate: ofAll }] : [])];
  };
}

function rateOfDomain(domain: string | undefined, rates: ReadonlyMap<string, RateLimit>): SharedRate[] {
  const rate = domain === undefined ? undefined : rates.get(domain);
  return rate ? [{ key: `smtp ${domain}`, rate, longestWaitSeconds: longestDomainWaitSeconds }] : [];
}

/** Of the recipient, who is `email` in most payloads and `to` in that of `email.send`. */
function domainOf(payload: unknown): string | undefined {
  const { email, to } = payload as { email?: string; to?: string };
  return (email ?? to)?.split('@').at(-1)?.toLowerCase();
}
