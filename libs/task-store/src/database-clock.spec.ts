import { DatabaseClock } from './database-clock.js';

describe('The database clock', () => {
  it('is this machine’s until the database has told its own', () => {
    expect(Math.abs(new DatabaseClock().now() - Date.now())).toBeLessThan(1_000);
  });

  it('runs ahead or behind by as much as the database did in the middle of its answer', () => {
    const clock = new DatabaseClock();
    const asked = Date.now();
    clock.observe(new Date(asked + 3_600_050), asked, asked + 100);
    expect(clock.now() - Date.now()).toBe(3_600_000);
  });
});
