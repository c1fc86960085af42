import type { RateLimit } from '@mentorhub/task-contracts';

const perSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Reads SMTP_RATE: `20/s`, `600/m` or `5000/h`; empty is no limit.
 *
 * @throws Error with a sentence that says how to write it
 */
export function readRate(text: string): RateLimit | undefined {
  if (text.trim() === '') return undefined;
  const [, limit = '', unit = ''] = /^(\d{1,7})\/([smh])$/.exec(text.trim()) ?? [];
  if (Number(limit) > 0) return { limit: Number(limit), perSeconds: perSeconds[unit] ?? 1 };
  throw new Error(`"${text.trim().slice(0, 40)}" is no rate: write it as 20/s, 600/m or 5000/h.`);
}

/**
 * Reads SMTP_DOMAIN_RATES: `gmail.com=10/s,mail.ru=600/m`, by the domain of the recipient.
 *
 * @throws Error with a sentence that says how to write it
 */
export function readDomainRates(text: string): ReadonlyMap<string, RateLimit> {
  const entries = text.split(',').filter((entry) => entry.trim() !== '');
  const rates = new Map(entries.map(readDomainRate));
  if (rates.size === entries.length) return rates;
  throw new Error('a domain is there twice: write each once, as in gmail.com=10/s,mail.ru=600/m.');
}

function readDomainRate(entry: string): [string, RateLimit] {
  const [, domain, text = ''] = /^\s*([a-z0-9.-]+)\s*=(.+)$/i.exec(entry) ?? [];
  const rate = readRate(text);
  if (domain && rate) return [domain.toLowerCase(), rate];
  throw new Error(
    `"${entry.trim().slice(0, 80)}" is not a domain with its rate: write it as gmail.com=10/s, several separated by commas.`,
  );
}
