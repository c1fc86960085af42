import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { longestDelaySeconds } from '@mentorhub/messaging';
import { longestTurnSeconds } from '../flow/rate-limiter.js';
import { withDefaults } from '../isolation/thread-options.js';
import { graceSeconds, longestWaitBehindSeconds, mostStarts, watchedFromRedelivery } from '../running/poison.js';
import { Prefetch } from '../job/prefetch.js';
import { defaultRetryPolicy, longestRetryDelaySeconds, mostRetries } from '@mentorhub/task-contracts';
import { defaultTimeLimits, defineTask, longestDatabaseSeconds } from '@mentorhub/task-contracts';

const page = readFileSync(new URL('../../../../docs/policies.md', import.meta.url), 'utf8');

/** The rows of a section's table: what it is about, its default, what is said of it. */
function rowsOf(section: string): readonly (readonly [string, string, string])[] {
  const [, after = ''] = page.split(`\n## ${section}\n`);
  return (after.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, option = '', standard = '', meaning = '']) => [option, standard, meaning] as const);
}

const defaultsOf = (section: string) =>
  Object.fromEntries(rowsOf(section).map(([option, standard]) => [option, standard]));
const asText = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));

const bare = defineTask({
  name: 'docs.bare',
  version: 1,
  effects: 'idempotent',
  payload: z.strictObject({}),
  rateLimit: { limit: 1 },
});

describe('docs/policies.md', () => {
  it('tells every option of a contract, with its default', () => {
    const told = defaultsOf('A task');
    const options = Object.keys(bare).filter((option) => option !== 'kind');
    expect(Object.keys(told).sort()).toEqual(options.sort());
    expect(told).toMatchObject({ isolation: bare.isolation, concurrencyLimit: String(bare.concurrencyLimit) });
  });

  it('tells the retry policy and its bounds', () => {
    expect(defaultsOf('Retry')).toEqual(asText(defaultRetryPolicy));
    const bounds = rowsOf('Retry').map(([, , meaning]) => meaning);
    expect(bounds[0]).toContain(`0 to ${mostRetries}`);
    expect(bounds[1]).toContain(`0 to ${longestRetryDelaySeconds}`);
    expect(bounds[3]).toContain(`at most ${longestRetryDelaySeconds}`);
  });

  it('tells the time limits', () => {
    const hard = Object.entries(defaultTimeLimits).map(([effects, { hardSeconds }]) => [
      `hardSeconds with ${effects}`,
      String(hardSeconds),
    ]);
    expect(defaultsOf('Time limits')).toEqual({ softSeconds: 'none', ...Object.fromEntries(hard) });
    expect(rowsOf('Time limits')[1]?.[2]).toContain(`at most ${longestDatabaseSeconds}`);
  });

  it('tells the rate limit, the threads and what is fixed', () => {
    expect(defaultsOf('Rate and key')['rateLimit.perSeconds']).toBe(String(bare.rateLimit?.perSeconds));
    expect(defaultsOf('Threads')).toEqual({ ...asText(withDefaults({})), maxThreads: 'CPUs' });
    expect(Object.values(defaultsOf('Fixed values')).map(Number)).toEqual([
      mostStarts,
      watchedFromRedelivery,
      graceSeconds,
      longestWaitBehindSeconds,
      longestTurnSeconds,
      longestDelaySeconds,
    ]);
  });

  it('tells how the prefetch begins and ends', () => {
    const prefetch = new Prefetch(10);
    expect(page).toContain('it begins with twice as much');
    expect(prefetch.current).toBe(20);
    for (let n = 0; n < 5_000; n += 1) prefetch.done(100, n / 10, 0);
    expect(page).toContain(`at most ${prefetch.current.toLocaleString('en')} or 64 MiB`);
  });
});
