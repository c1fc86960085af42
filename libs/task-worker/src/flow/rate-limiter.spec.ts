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
});
