import { setTimeout as delay } from 'node:timers/promises';
import { migrateTasks } from './migrate.mjs';
import { OutcomeCounter } from './outcome-counter.mjs';
import { startApplication } from './application.mjs';
import { controllerOf, insertRow, Light, queue, Tracked } from './tasks.mjs';
import { Tasks } from '@mentorhub/tasks';
import { DataSource } from 'typeorm';

/** What DEFAULT_QUEUE_CONCURRENCY of `apps/api-gateway` is unless an operator sets it. */
export const defaultConcurrency = 10;

/** The product through its public API, as an app uses it. */
export const mentorhub = {
  name: 'mentorhub',
  prepare: (servers) => migrateTasks(servers.databaseUrl),

  async producer(servers) {
    const { app, stop } = await startApplication(servers);
    const tasks = app.get(Tasks);
    const dataSource = app.get(DataSource);
    return {
      enqueue: (payload) => tasks.enqueue(Light, payload),
      enqueueMany: (payloads, { kind }) =>
        kind === 'light'
          ? Promise.all(payloads.map((payload) => tasks.enqueue(Light, payload)))
          : tasks.enqueueMany(payloads.map((payload) => ({ contract: Tracked, payload }))),
      schedule: (payloads) => tasks.enqueueMany(payloads.map(scheduled)),
      published: () => noneUnpublished(dataSource),
      close: stop,
    };
  },

  async transactionalProducer(servers) {
    const { app, stop } = await startApplication(servers);
    const tasks = app.get(Tasks);
    const dataSource = app.get(DataSource);
    const enqueueWithRow = (payload) =>
      dataSource.transaction(async (tx) => {
        await tx.query(insertRow, [payload.n, payload.note]);
        await tasks.enqueue(Tracked, payload, { tx });
      });
    return { enqueueWithRow, close: stop };
  },

  async worker(servers, { expected, onStart }) {
    const outcomes = await OutcomeCounter.start(servers, expected);
    const concurrency = Number(servers.concurrency ?? defaultConcurrency);
    const { app, stop } = await startApplication(servers, {
      controllers: [controllerOf(onStart)],
      queues: { [queue]: { concurrency } },
    });
    const close = async () => {
      await stop();
      await outcomes.close();
    };
    return {
      settled: () => outcomes.all,
      publishedLateness: (dueFrom) => publishedLateness(app.get(DataSource), dueFrom),
      close,
    };
  },
};

const scheduled = (payload) => ({ contract: Light, payload, options: { eta: new Date(payload.dueAt) } });

async function noneUnpublished(dataSource) {
  for (;;) {
    const [{ waiting }] = await dataSource.query(
      `SELECT count(*)::int AS waiting FROM tasks.task WHERE published_at IS NULL`,
    );
    if (waiting === 0) return;
    await delay(20);
  }
}

async function publishedLateness(dataSource, dueFrom) {
  const rows = await dataSource.query(
    `SELECT extract(epoch FROM published_at - due_at)::float8 * 1000 AS ms
     FROM tasks.task WHERE published_at IS NOT NULL AND due_at >= $1`,
    [dueFrom],
  );
  return rows.map(({ ms }) => ms);
}
