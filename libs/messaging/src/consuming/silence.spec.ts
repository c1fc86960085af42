import { Silence } from './silence.js';

const silent = { ready: 69, received: 1_000, held: 3, prefetch: 50 };

describe('a silence', () => {
  it('lasts when messages were ready and there was room at looks over ten seconds, and none came', () => {
    const silence = new Silence();
    expect(silence.lasts(silent, 1_000)).toBe(false);
    expect(silence.lasts(silent, 10_999)).toBe(false);
    expect(silence.lasts(silent, 11_000)).toBe(true);
  });

  it.each([
    { title: 'a delivery that came', look: { ...silent, received: 1_001 } },
    { title: 'an empty queue', look: { ...silent, ready: 0 } },
    { title: 'a consumer that was full', look: { ...silent, held: 50 } },
    { title: 'a consumer that holds more than the prefetch it was resized to', look: { ...silent, prefetch: 2 } },
  ])('is ended by $title', ({ look }) => {
    const silence = new Silence();
    silence.lasts(silent, 0);
    expect(silence.lasts(look, 15_000)).toBe(false);
    const { received } = look;
    expect(silence.lasts({ ...silent, received }, 16_000)).toBe(false);
    expect(silence.lasts({ ...silent, received }, 24_999)).toBe(false);
    expect(silence.lasts({ ...silent, received }, 26_000)).toBe(true);
  });

  it.each([
    { title: 'a consumer that is always full', look: { ...silent, held: 50 } },
    { title: 'a queue that is always empty', look: { ...silent, ready: 0 } },
  ])('does not begin with $title', ({ look }) => {
    const silence = new Silence();
    expect([0, 15_000, 30_000, 600_000].map((now) => silence.lasts(look, now))).toEqual([false, false, false, false]);
  });
});
