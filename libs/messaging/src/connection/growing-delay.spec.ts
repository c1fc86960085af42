import { GrowingDelay } from './growing-delay.js';

describe('a growing delay', () => {
  it('doubles up to the longest, and starts over after a reset', () => {
    const delay = new GrowingDelay(0.1, 0.5, () => 0);
    expect([1, 2, 3, 4, 5].map(() => delay.nextSeconds())).toEqual([0.1, 0.2, 0.4, 0.5, 0.5]);
    delay.reset();
    expect(delay.nextSeconds()).toBe(0.1);
  });

  it('is shortened by up to a third, so that replicas do not return in step', () => {
    const delay = new GrowingDelay(3, 3, () => 1);
    expect(delay.nextSeconds()).toBeCloseTo(2);
  });
});
