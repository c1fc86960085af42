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
});
