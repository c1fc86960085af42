import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';
import { join } from './join.js';

const job = (attempt: number) =>
  ({ id: 'one', run: 1, attempt, contract: { kind: 'task', effects: 'database' } }) as unknown as Job;

describe('A delivery of a task that this process is running', () => {
  const retrying = { kind: 'retrying', through: 'row' } as Outcome;
  const byMessage = { kind: 'retrying', through: 'ladder' } as Outcome;
  const succeeded = { kind: 'succeeded' } as Outcome;
  let step: ReturnType<typeof join>;
  let end: (outcome: Outcome) => void;
  let runs: number;

  beforeEach(() => {
    step = join();
    runs = 0;
  });

  const first = (attempt: number) => step(job(attempt), () => new Promise<Outcome>((resolve) => (end = resolve)));
  const other = (attempt: number) =>
    step(job(attempt), () => {
      runs += 1;
      return Promise.resolve(succeeded);
    });

  it('is not run and ends as the first does', async () => {
    const running = first(1);
    const second = other(1);
    end(succeeded);
    expect(await running).toBe(succeeded);
    expect(await second).toEqual({ kind: 'duplicate', of: succeeded });
    expect(runs).toBe(0);
  });

  it('has nothing left to do when the row holds the next attempt', async () => {
    void first(2);
    const [same, older] = [other(2), other(1)];
    end(retrying);
    expect(await same).toEqual({ kind: 'superseded' });
    expect(await older).toEqual({ kind: 'superseded' });
    expect(runs).toBe(0);
  });

  it('shares the retry that only a message holds, unless it is an older one that was followed already', async () => {
    void first(2);
    const [same, older] = [other(2), other(1)];
    end(byMessage);
    expect(await same).toEqual({ kind: 'duplicate', of: byMessage });
    expect(await older).toEqual({ kind: 'superseded' });
    expect(runs).toBe(0);
  });

  it('is run after it when it is the next attempt', async () => {
    void first(1);
    const next = other(2);
    await new Promise(setImmediate);
    expect(runs).toBe(0);
    end(retrying);
    expect(await next).toBe(succeeded);
    expect(runs).toBe(1);
  });

  it('is run by one of those that waited when the first decided nothing', async () => {
    void first(1);
    const waiting = [other(1), other(1)];
    end({ kind: 'busy' });
    expect(await Promise.all(waiting)).toEqual([succeeded, { kind: 'duplicate', of: succeeded }]);
    expect(runs).toBe(1);
  });

  it('is tried later when the handler of the first hangs, also when it had waited for it', async () => {
    void first(1);
    const waiting = other(1);
    step.release(job(1));
    expect(await waiting).toEqual({ kind: 'busy' });
    expect(await other(1)).toEqual({ kind: 'busy' });
    expect(runs).toBe(0);
  });
});
