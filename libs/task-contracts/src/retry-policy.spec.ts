import { defaultRetryPolicy, retryDelaySeconds, retryPolicy } from './retry-policy.js';

describe('A retry policy', () => {
  it('B13: is by default three retries after 60, 120 and 240 seconds', () => {
    const policy = { ...defaultRetryPolicy, jitter: 'none' as const };
    expect(policy.maxRetries).toBe(3);
    expect([0, 1, 2].map((retries) => retryDelaySeconds(policy, retries))).toEqual([60, 120, 240]);
  });

  it('keeps what a contract or a call leaves open', () => {
    const ofContract = retryPolicy('a.task', { maxRetries: 5, delaySeconds: 1 });
    expect(retryPolicy('a.task', { maxRetries: 7, factor: undefined }, ofContract)).toEqual({
      ...defaultRetryPolicy,
      maxRetries: 7,
      delaySeconds: 1,
    });
  });

  it('stops growing at its longest delay, however often it is retried', () => {
    const policy = retryPolicy('a.task', { delaySeconds: 1, maxDelaySeconds: 100, jitter: 'none' });
    expect([6, 7, 900].map((retries) => retryDelaySeconds(policy, retries))).toEqual([64, 100, 100]);
    expect(retryDelaySeconds({ ...policy, delaySeconds: 0, factor: 100 }, 900)).toBe(0);
  });

  it.each([
    ['none', 10, 10],
    ['equal', 5, 10],
    ['full', 0, 10],
  ] as const)('spreads a delay with jitter "%s" from %d to %d of 10 seconds', (jitter, least, most) => {
    const policy = retryPolicy('a.task', { delaySeconds: 10, jitter });
    expect(retryDelaySeconds(policy, 0, 0)).toBe(least);
    expect(retryDelaySeconds(policy, 0, 1)).toBe(most);
  });

  it.each([
    [{ maxRetries: -1 }, 'maxRetries'],
    [{ maxRetries: 1.5 }, 'maxRetries'],
    [{ delaySeconds: -1 }, 'delaySeconds'],
    [{ delaySeconds: Number.NaN }, 'delaySeconds'],
    [{ factor: 0.5 }, 'factor'],
    [{ maxDelaySeconds: 0 }, 'maxDelaySeconds'],
    [{ maxDelaySeconds: 200_000 }, 'maxDelaySeconds'],
    [{ jitter: 'some' as never }, 'jitter'],
  ])('refuses %j with a sentence that names it', (given, named) => {
    expect(() => retryPolicy('a.task', given)).toThrow(`a.task: retry.${named} is`);
  });
});
