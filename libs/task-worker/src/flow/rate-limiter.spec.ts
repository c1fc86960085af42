import { RateLimiter } from './rate-limiter.js';

describe('A rate limiter', () => {
  it('sends away who waits when the process stops, also those whose start is leased already', async () => {
    let leased = 0;
    const lease = (starts: number) => Promise.resolve({ starts, firstInSeconds: 3600 * leased++ });
    const limiter = new RateLimiter({ limit: { limit: 3, perSeconds: 3 * 3600 }, lease });
    const [first, second] = [limiter.turn(), limiter.turn()];
    expect(await first).toEqual({ kind: 'now' });
    // Its start is leased as well: in an hour.
    const third = limiter.turn();
    await new Promise(setImmediate);
    limiter.stop();
    expect(await Promise.all([second, third])).toEqual(Array(2).fill({ kind: 'later', seconds: 0 }));
  });

  it('lets those that are late begin one interval after the other, and none wait for long', async () => {
    const lease = () => Promise.reject(new Error('Nothing is leased anew.'));
    const quick = new RateLimiter({ limit: { limit: 20, perSeconds: 1 }, lease });
    const begun = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => quick.afterOthersThatAreLate()));
    // The first at once; timers may ring a millisecond early.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(3 * 50 - 3);
    const slow = new RateLimiter({ limit: { limit: 1, perSeconds: 3 }, lease });
    const all = Promise.all([1, 2, 3].map(() => slow.afterOthersThatAreLate())).then(() => 'at once');
    expect(await Promise.race([all, new Promise(setImmediate)])).toBe('at once');
  });

  it('has those that are late wait no longer when the process stops', async () => {
    const lease = () => Promise.reject(new Error('Nothing is leased anew.'));
    const limiter = new RateLimiter({ limit: { limit: 5, perSeconds: 1 }, lease });
    let begun = 0;
    for (let n = 0; n < 500; n += 1) void limiter.afterOthersThatAreLate().then(() => (begun += 1));
    limiter.stop();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(begun).toBe(500);
  });
});
