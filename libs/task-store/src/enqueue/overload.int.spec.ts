import { sized } from '@mentorhub/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { createServers, newTask, outboxEmpty, StoreProcess, type Servers } from '../../test/store-process.js';
import { OverloadError } from './enqueue-line.js';

/** A statement takes a tenth of a second, and four of a hundred tasks run at once. */
const mostPerSecond = 4_000;
const seconds = sized({ short: 6, full: 60 });
const tickMs = 20;

describe('A process that enqueues twice of what PostgreSQL takes', () => {
  let servers: Servers;
  let process: StoreProcess;

  beforeAll(async () => {
    servers = await createServers();
    await servers.database.query(`
      CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END';
      CREATE TRIGGER slow AFTER INSERT ON tasks.task FOR EACH STATEMENT EXECUTE FUNCTION public.slow()`);
    process = await StoreProcess.start(servers);
  });

  afterAll(async () => {
    await process?.stop();
    await servers?.remove();
  });

  it('is refused what is too much, has a bounded number waiting, and loses nothing of what was accepted', async () => {
    let [offered, waiting, mostWaiting, refused] = [0, 0, 0, 0];
    const accepted: string[] = [];
    const others: unknown[] = [];
    const enqueue = async (): Promise<void> => {
      const task = newTask(`task ${offered++}`);
      mostWaiting = Math.max(mostWaiting, ++waiting);
      try {
        for (const { id } of await process.store.enqueue([task])) accepted.push(id);
      } catch (error) {
        if (error instanceof OverloadError) refused += 1;
        else others.push(error);
      } finally {
        waiting -= 1;
      }
    };
    const calls: Promise<void>[] = [];
    let largestBurst = 0;
    const began = performance.now();
    for (let passed = 0; passed < seconds; passed = (performance.now() - began) / 1000) {
      // A process that was held up offers what it is behind with at once.
      const burst = Math.ceil(2 * mostPerSecond * passed) - offered;
      largestBurst = Math.max(largestBurst, burst);
      for (let n = 0; n < burst; n += 1) calls.push(enqueue());
      await delay(tickMs);
    }
    await Promise.all(calls);

    expect(others).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    // Those that are refused at once are told a moment later.
    expect(mostWaiting).toBeLessThanOrEqual(10_000 + largestBurst);
    expect(accepted.length + refused).toBe(offered);
    const [row] = await servers.database.query('SELECT count(*)::int AS count FROM tasks.task');
    expect(row).toEqual({ count: accepted.length });
    await outboxEmpty(servers);
  });
});
