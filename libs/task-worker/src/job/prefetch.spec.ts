import { Prefetch } from './prefetch.js';

/** Deliveries that are done, so many a second; says what the prefetch was changed to. */
function done(prefetch: Prefetch, perSecond: number, deliveries: number, bytes = 100, from = 0): number[] {
  return Array.from({ length: deliveries }, (_, n) => prefetch.done(bytes, from + (n * 1000) / perSecond, 0)).filter(
    (value) => value !== undefined,
  );
}

describe('The prefetch of a queue', () => {
  it('begins with twice the concurrency and stays there for slow tasks', () => {
    const prefetch = new Prefetch(10);
    expect(prefetch.current).toBe(20);
    expect(done(prefetch, 5, 200)).toEqual([]);
  });

  it('grows to a second of quick ones, up to 4,000', () => {
    const prefetch = new Prefetch(10);
    expect(done(prefetch, 400, 40)[0]).toBeGreaterThanOrEqual(390);
    expect(done(prefetch, 40_000, 4_000, 100, 10_000).at(-1)).toBe(4_000);
  });

  it('shrinks again when they become slow', () => {
    const prefetch = new Prefetch(10);
    done(prefetch, 40_000, 1_000);
    expect(done(prefetch, 10, 20, 100, 100_000).at(-1)).toBe(20);
  });

  it('makes room for others while deliveries wait without a place, in large steps, and takes it back', () => {
    const prefetch = new Prefetch(5);
    const sizes = Array.from({ length: 40 }, (_, n) => prefetch.waitWithoutPlace(n + 1, 100 * (n + 1), 0)).filter(
      Boolean,
    );
    expect(sizes).toEqual([20, 40, 80]);
    expect(prefetch.waitWithoutPlace(80, 8_000, 0)).toBe(170);
    expect(prefetch.waitWithoutPlace(10_000, 1_000_000, 0)).toBe(4_000);
    expect(prefetch.waitWithoutPlace(0, 0, 0)).toBe(10);
  });

  it('grows only while little of what it has fetched waits here, since that comes on top', () => {
    const prefetch = new Prefetch(10);
    const quick = (held: number) => Array.from({ length: 1_000 }, (_, n) => prefetch.done(100, n / 40, held)).at(-1);
    expect(quick(2_000)).toBeUndefined();
    expect(prefetch.current).toBe(20);
    expect(prefetch.waitWithoutPlace(10_000, 100, 2_000)).toBeUndefined();
    expect(prefetch.waitWithoutPlace(10_000, 100, 1_999)).toBe(4_000);
  });

  it('makes none when the bodies of those are large', () => {
    expect(new Prefetch(5).waitWithoutPlace(10, 40 * 2 ** 20, 0)).toBeUndefined();
  });

  it('holds about 64 MiB of bodies at most, but always the concurrency', () => {
    const prefetch = new Prefetch(10);
    expect(done(prefetch, 40_000, 1_000, 256 * 1024).at(-1)).toBe(256);
    expect(done(prefetch, 40_000, 1_000, 16 * 2 ** 20, 10_000).at(-1)).toBeLessThan(40);
  });
});
