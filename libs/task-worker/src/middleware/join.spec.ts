import type { Outcome } from '../outcome/outcome.js';
import type { Broker, Delivery } from '@mentorhub/messaging';
import type { Job } from '../job/job.js';
import { QueueLane } from '../job/queue-lane.js';
import { join } from './join.js';

const waitWithoutPlace: Job['waitWithoutPlace'] = (wait) => wait;
const job = (attempt: number, more: Partial<Job> = {}) =>
  ({
    id: 'one',
    run: 1,
    attempt,
    contract: { kind: 'task', effects: 'database' },
    waitWithoutPlace,
    ...more,
  }) as unknown as Job;

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

  it('holds no place that the first one needs to go on', async () => {
    let deliver: ((delivery: Delivery) => void) | undefined;
    const consumer = { active: true, resize: () => undefined, cancel: () => Promise.resolve() };
    const broker = {
      consume: ({ onDelivery }: { onDelivery: (delivery: Delivery) => void }) => ((deliver = onDelivery), consumer),
    } as unknown as Broker;
    const turn = Promise.withResolvers<void>();
    const ended: Outcome[] = [];
    const lane = new QueueLane({
      queue: 'work',
      concurrency: 1,
      mayStart: () => true,
      process: async (_delivery, waitingWithout) => {
        const next = () => waitingWithout(turn.promise).then(() => succeeded);
        ended.push(await step(job(1, { waitWithoutPlace: waitingWithout }), next));
      },
    });
    lane.start(broker);
    // The second one comes while the first waits for its turn without a place, and takes the only place.
    for (let n = 0; n < 2; n += 1) deliver?.({ body: Buffer.alloc(1), channelOpen: true } as Delivery);
    await new Promise(setImmediate);
    turn.resolve();
    await lane.stop();
    expect(ended).toEqual([succeeded, { kind: 'duplicate', of: succeeded }]);
  });
});
