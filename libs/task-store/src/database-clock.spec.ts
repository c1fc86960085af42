import { jest } from '@jest/globals';
import { DatabaseClock } from './database-clock.js';

describe('The database clock', () => {
  const now = 1_800_000_000_000;
  beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(now));
  afterEach(() => void jest.restoreAllMocks());

  it('is this machine’s until the database has told its own', () => {
    expect(new DatabaseClock({ query: () => Promise.reject(new Error('away')) }).now()).toBe(now);
  });

  it('runs ahead or behind by as much as the database did in the middle of its answer', async () => {
    const query = jest.fn(() => {
      jest.mocked(Date.now).mockReturnValue(now + 100);
      return Promise.resolve([{ now: new Date(now + 3_600_050) }]);
    });
    const clock = new DatabaseClock({ query: query as never });
    await clock.learn();
    expect(clock.now()).toBe(now + 100 + 3_600_000);
  });

  it.each([
    ['fits what is known', 3_600_000, 3_600_000],
    ['can only mean that it is less far ahead', 1_000_000, 1_008_000],
    ['can only mean that it is farther ahead', 5_000_000, 5_000_000],
  ])('is not mistaken by a wait for the answer, which %s', async (_, ahead, expected) => {
    let [waitMs, aheadMs] = [0, 3_600_000];
    const query = () => {
      const asked = Date.now();
      jest.mocked(Date.now).mockReturnValue(asked + waitMs);
      return Promise.resolve([{ now: new Date(asked + waitMs + aheadMs) }]);
    };
    const clock = new DatabaseClock({ query: query as never });
    await clock.learn();
    // All of it is the wait for a connection.
    [waitMs, aheadMs] = [8_000, ahead];
    await clock.learn();
    expect(clock.now() - Date.now()).toBe(expected);
  });
});
