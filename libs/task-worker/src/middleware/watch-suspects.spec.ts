import type { Outcome } from '../outcome/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import type { Job } from '../job/job.js';
import { UnreadableMessage } from '../job/decode-delivery.js';
import { SuspectWatch } from './watch-suspects.js';

const job = (channelOpen = true) =>
  ({
    id: 'one',
    run: 1,
    attempt: 1,
    redeliveries: 0,
    contract: { kind: 'task', effects: 'database', timeLimit: { hardSeconds: 60 } },
    delivery: { channelOpen },
  }) as unknown as Job;

const succeeded = { kind: 'succeeded' } as Outcome;
const fails = (error: Error) => () => Promise.reject(error);

describe('A delivery that nothing is known against', () => {
  let watch: SuspectWatch;
  let runs: number;

  beforeEach(() => {
    // Neither is touched.
    watch = new SuspectWatch({ store: { inbox: {}, dataSource: {} } } as EffectsOptions);
    runs = 0;
  });

  const run = (one = job()) =>
    watch.step(one, () => {
      runs += 1;
      return Promise.resolve(succeeded);
    });

  it('just runs', async () => {
    expect(await run()).toBe(succeeded);
    expect(runs).toBe(1);
  });

  it('does not run when the broker has given it to somebody else while it waited for its turn', async () => {
    expect(await run(job(false))).toEqual({ kind: 'superseded' });
    expect(runs).toBe(0);
  });

  it('does not run once the process stops', async () => {
    await watch.stop();
    expect(await run()).toEqual({ kind: 'unstarted' });
    expect(runs).toBe(0);
  });

  it('is a fault of the runtime when a step behind it throws, but for what nobody can read', async () => {
    const error = new Error('no');
    expect(await watch.step(job(), fails(error))).toEqual({ kind: 'fault', error });
    const unreadable = new UnreadableMessage('invalid-payload', 'no');
    await expect(watch.step(job(), fails(unreadable))).rejects.toBe(unreadable);
  });
});
