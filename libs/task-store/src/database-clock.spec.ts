import { jest } from '@jest/globals';
import { DatabaseClock } from './database-clock.js';

describe('The database clock', () => {
  const now = 1_800_000_000_000;
  beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(now));
  afterEach(() => void jest.restoreAllMocks());

  it('is this machine’s until the database has told its own', () => {
    expect(new DatabaseClock().now()).toBe(now);
  });

  it('runs ahead or behind by as much as the database did in the middle of its answer', () => {
    const clock = new DatabaseClock();
    const asked = now - 100;
    clock.observe(new Date(asked + 3_600_050), asked, now);
    expect(clock.now()).toBe(now + 3_600_000);
  });
});
