/* Every block of code in docs/policies.md stands here, as docs/examples.spec.mjs checks; change both together. */
import { z } from 'zod';
import {
  AmbiguousError,
  defineCatalogue,
  defineRouting,
  defineTask,
  PermanentError,
  RetryLater,
} from '@mentorhub/task-contracts';
import { TestTasks } from './index.js';

const FetchRates = defineTask({
  name: 'courses.fetch-rates',
  version: 1,
  effects: 'idempotent',
  payload: z.strictObject({ currency: z.string() }),
  retry: { maxRetries: 5, delaySeconds: 10, factor: 3, maxDelaySeconds: 600, jitter: 'full' },
});

const ChargeCard = defineTask({
  name: 'courses.charge-card',
  version: 1,
  effects: 'external',
  onAmbiguous: 'park',
  payload: z.strictObject({ orderId: z.string() }),
});

const BuildReport = defineTask({
  name: 'analytics.build-report',
  version: 1,
  effects: 'idempotent',
  isolation: 'thread',
  payload: z.strictObject({ month: z.string() }),
  timeLimit: { softSeconds: 50, hardSeconds: 60 },
});

const SyncMentor = defineTask({
  name: 'courses.sync-mentor',
  version: 1,
  effects: 'idempotent',
  payload: z.strictObject({ mentorId: z.string() }),
  rateLimit: { limit: 100, perSeconds: 60 },
  concurrencyKey: ({ mentorId }) => mentorId,
  concurrencyLimit: 2,
});

const catalogue = defineCatalogue({
  tasks: [FetchRates, ChargeCard, BuildReport, SyncMentor],
  events: [],
  routes: defineRouting([{ pattern: '*', queue: 'default' }]),
});

/** What the outside answers, one after the other; then it is well. */
class Provider {
  statuses: number[] = [];
  answers: string[] = [];

  async ratesOf(_currency: string) {
    return { status: this.statuses.shift() ?? 200, retryAfterSeconds: 30 };
  }

  async charge(_orderId: string) {
    return this.answers.shift() ?? 'charged';
  }
}

describe('The policies of the documentation', () => {
  const startAt = new Date('2030-01-01T00:00:00Z');
  let tasks: TestTasks;
  let provider: Provider;

  beforeEach(() => {
    tasks = new TestTasks({ catalogue, startAt });
    provider = new Provider();
    tasks.handle(FetchRates, async ({ currency }) => {
      const reply = await provider.ratesOf(currency);
      if (reply.status === 404) throw new PermanentError(`There is no currency ${currency}.`);
      if (reply.status === 429) throw new RetryLater(reply.retryAfterSeconds);
      if (reply.status !== 200) throw new Error(`The provider answered ${reply.status}.`);
    });
    tasks.handle(ChargeCard, async ({ orderId }, ctx) => {
      await ctx.once(async () => {
        const answer = await provider.charge(orderId);
        if (answer === 'no answer') throw new AmbiguousError('The provider did not answer in time.');
      });
    });
  });

  const secondsAhead = () => ((tasks.tasks[0]?.dueAt.getTime() ?? 0) - startAt.getTime()) / 1000;

  it('wait longer after each failure, and as long as they are asked to without counting it', async () => {
    provider.statuses = [500, 500, 429];
    await tasks.enqueue(FetchRates, { currency: 'EUR' });
    await tasks.run();
    expect(secondsAhead()).toBe(10);
    await tasks.advance(10);
    expect(secondsAhead()).toBe(10 + 30);
    await tasks.advance(30);
    expect(secondsAhead()).toBe(10 + 30 + 30);
    await tasks.advance(30);
    expect(tasks.tasks).toMatchObject([{ state: 'succeeded' }]);
  });

  it('end at once what can never be done', async () => {
    provider.statuses = [404];
    await tasks.enqueue(FetchRates, { currency: 'XYZ' });
    await tasks.run();
    expect(tasks.tasks).toMatchObject([{ state: 'failed', error: { message: 'There is no currency XYZ.' } }]);
  });

  it('leave to a person what may have happened', async () => {
    provider.answers = ['no answer'];
    await tasks.enqueue(ChargeCard, { orderId: '7' });
    await tasks.run();
    expect(tasks.tasks).toMatchObject([{ state: 'failed', error: { name: 'AmbiguousError' } }]);
    expect(tasks.tasks[0]?.attempts).toHaveLength(1);
  });

  it('bound time, rate and concurrency', () => {
    expect(BuildReport).toMatchObject({ isolation: 'thread', timeLimit: { softSeconds: 50, hardSeconds: 60 } });
    expect(SyncMentor).toMatchObject({ rateLimit: { limit: 100, perSeconds: 60 }, concurrencyLimit: 2 });
  });

  it('can be overridden by a call, whose task can be moved and revoked', async () => {
    const task = await tasks.enqueue(
      FetchRates,
      { currency: 'EUR' },
      {
        id: '0198c0de-0000-7000-8000-000000000001',
        countdownSeconds: 3600,
        expires: new Date('2030-01-01T12:00:00Z'),
        retry: { maxRetries: 1 },
      },
    );
    expect(secondsAhead()).toBe(3600);
    await tasks.reschedule(task.id, new Date('2030-01-01T02:00:00Z'));
    expect(secondsAhead()).toBe(7200);
    await tasks.revoke(task.id, { terminate: true });
    await tasks.advance(7200);
    expect(tasks.tasks).toMatchObject([{ state: 'revoked', attempts: [] }]);
  });
});
