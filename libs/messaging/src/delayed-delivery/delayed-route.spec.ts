import { delayedRoute, destinationOf, longestDelaySeconds } from './delayed-route.js';

describe('the route of a delayed message', () => {
  it('enters the ladder at the level of the highest bit, with one bit per level before the queue', () => {
    expect(delayedRoute('email', 5)).toEqual({
      exchange: 'delay.v1.level-02',
      routingKey: '0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.1.email',
    });
  });

  it('takes one second as the shortest and 2^17 - 1 seconds as the longest delay', () => {
    expect(delayedRoute('email', 1).exchange).toBe('delay.v1.level-00');
    expect(delayedRoute('email', longestDelaySeconds)).toEqual({
      exchange: 'delay.v1.level-16',
      routingKey: `${'1.'.repeat(17)}email`,
    });
  });

  it('rounds up, so that nothing arrives early', () => {
    expect(delayedRoute('email', 0.2)).toEqual(delayedRoute('email', 1));
    expect(delayedRoute('email', 4.001)).toEqual(delayedRoute('email', 5));
  });

  it('tells its destination, and that another key has none', () => {
    expect(destinationOf(delayedRoute('email-bulk', 77).routingKey)).toBe('email-bulk');
    for (const key of [
      '',
      'email',
      '1.email',
      `${'0.'.repeat(18)}email`,
      `${'0.'.repeat(17)}a.b`,
      `${'2.'.repeat(17)}a`,
    ])
      expect(destinationOf(key)).toBeUndefined();
  });

  it.each([0, -1, 131_072, 131_071.5, NaN, Infinity])('refuses a delay of %p seconds', (seconds) => {
    expect(() => delayedRoute('email', seconds)).toThrow(RangeError);
  });
});
