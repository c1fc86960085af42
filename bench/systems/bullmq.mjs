import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { emptyRedis } from './empty-redis.mjs';

const name = 'bench';
/** BullMQ's default is 1; its guide names 100 to 300 where jobs do not need the processor. */
const concurrency = 100;

const connectionTo = ({ redisUrl }) => new Redis(redisUrl, { maxRetriesPerRequest: null });

export const bullmq = {
  name: 'bullmq',
  prepare: emptyRedis,

  async producer(servers) {
    const connection = connectionTo(servers);
    const queue = new Queue(name, { connection });
    await queue.waitUntilReady();
    return {
      enqueue: (payload) => queue.add('task', payload),
      enqueueMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'task', data }))),
      schedule: (payloads) => queue.addBulk(payloads.map(delayed)),
      close: async () => {
        await queue.close();
        await connection.quit();
      },
    };
  },

  async worker(servers, { expected, onStart }) {
    const connection = connectionTo(servers);
    let missing = expected;
    let resolve;
    const all = new Promise((resolved) => (resolve = resolved));
    const worker = new Worker(name, async ({ data }) => onStart(data), { connection, concurrency });
    worker.on('completed', () => --missing === 0 && resolve());
    await worker.waitUntilReady();
    return {
      settled: () => all,
      close: async () => {
        await worker.close();
        await connection.quit();
      },
    };
  },
};

const delayed = (data) => ({ name: 'task', data, opts: { delay: Math.max(0, data.dueAt - Date.now()) } });
