import { now } from '../measuring/clock.mjs';
import { restingMiB } from '../measuring/memory.mjs';
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
