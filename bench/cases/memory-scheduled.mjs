import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../measuring/clock.mjs';
import { produce } from './produce.mjs';

const hour = 3_600_000;

/** The resident memory of a worker with tasks that are due in an hour, over that of the same worker before. */
export async function memoryScheduled(system, servers, { count, settleSeconds }) {
  const worker = await system.worker(servers, { kind: 'light', onStart: () => {} });
  const idle = await restingMiB(settleSeconds);
  await produce({ system, servers, command: { do: 'schedule', count, dueFrom: now() + hour, spreadMs: hour } });
  const waiting = await restingMiB(settleSeconds);
  await worker.close();
  return { value: waiting / idle, details: { idleMiB: idle, waitingMiB: waiting, waiting: count } };
}

const mostLooks = 20;
const steady = 1.005;

/** Memory once it grows no more: some workers take what waits little by little. */
async function restingMiB(settleSeconds) {
  let before = 0;
  let now = await residentMiB(settleSeconds);
  for (let looks = 1; now > before * steady && looks < mostLooks; looks += 1) {
    before = now;
    now = await residentMiB(settleSeconds);
  }
  return now;
}

/** Garbage that nobody has collected yet is no need of the system's: cells run with --expose-gc. */
async function residentMiB(afterSeconds) {
  await delay(afterSeconds * 1000);
  globalThis.gc?.();
  await delay(200);
  return process.memoryUsage.rss() / 2 ** 20;
}
