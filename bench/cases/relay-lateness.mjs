import { now } from '../measuring/clock.mjs';
import { percentile } from '../measuring/statistics.mjs';
import { receivedWithin } from './received-within.mjs';
import { startProducer } from './produce.mjs';

const drainSeconds = 30;
const spreadMs = 1000;
const longestLeadSeconds = 60;

/** How late tasks are that all fall due within one second, with one process that scheduled them and one that handles them. */
export async function relayLateness(system, servers, { count, leadSeconds }) {
  let lateness = [];
  const worker = await system.worker(servers, { kind: 'light', onStart: ({ dueAt }) => lateness.push(now() - dueAt) });
  for (let lead = leadSeconds; lead <= longestLeadSeconds; lead *= 3) {
    lateness = [];
    const dueFrom = now() + lead * 1000;
    const producer = await startProducer({ system, servers, command: { do: 'schedule', count, dueFrom, spreadMs } });
    const headStartMs = dueFrom - now();
    const received = await receivedWithin(drainSeconds + lead, () => lateness.length, count);
    const published = await worker.publishedLateness?.(new Date(dueFrom));
    await producer.end();
    // What was due before all of it was scheduled is late by our own fault: once more, with more time.
    if (headStartMs < 0) continue;
    await worker.close();
    return resultOf(lateness, published, { headStartMs, missing: count - received });
  }
  throw new Error(`${count} tasks could not be scheduled within ${longestLeadSeconds} s.`);
}

function resultOf(lateness, published, details) {
  const handlerStartP99 = percentile(lateness, 0.99);
  return {
    value: published ? percentile(published, 0.99) : handlerStartP99,
    details: { p50: percentile(lateness, 0.5), handlerStartP99, ...details },
  };
}
