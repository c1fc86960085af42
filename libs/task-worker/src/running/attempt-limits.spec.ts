import { once } from 'node:events';
import { AttemptLimits, RevokedError } from './attempt-limits.js';

describe('The signal of an attempt', () => {
  const limits = (softSeconds?: number) =>
    new AttemptLimits(softSeconds === undefined ? {} : { softSeconds }, () => Promise.resolve());

  it('is one, whenever it is asked for, and has not fired', () => {
    const attempt = limits();
    expect(attempt.signal).toBe(attempt.signal);
    expect(attempt.signal.aborted).toBe(false);
  });

  it('fires with what cut the attempt short', () => {
    const attempt = limits();
    const { signal } = attempt;
    const reason = new RevokedError();
    attempt.cut(reason);
    expect(signal.reason).toBe(reason);
  });

  it('has fired when it is asked for only afterwards, with what came first', async () => {
    const attempt = limits(0.001);
    // The limit of another one, later, has passed: so has this one's.
    await once(limits(0.05).signal, 'abort');
    attempt.cut(new RevokedError());
    expect(attempt.signal.aborted).toBe(true);
    expect((attempt.signal.reason as Error).name).toBe('TimeoutError');
  });
});
