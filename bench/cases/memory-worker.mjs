import { setTimeout as delay } from 'node:timers/promises';
import { residentNow, restingMiB } from '../measuring/memory.mjs';
import { produce } from './produce.mjs';

/** The resident memory of a worker that has just emptied a queue, garbage and all; and how much of that it gives back. */
export async function memoryWorker(system, servers, { count, settleSeconds, laterSeconds }) {
  const idle = await system.worker(servers, { kind: 'light', onStart: () => {} });
  const idleMiB = await restingMiB(settleSeconds);
  await idle.close();
  await produce({ system, servers, command: { do: 'fill', kind: 'light', count } });
  const worker = await system.worker(servers, { kind: 'light', expected: count, onStart: () => {} });
  await worker.settled();
  const afterMiB = residentNow();
  await delay(laterSeconds * 1000);
  const laterMiB = residentNow();
  await worker.close();
  return { value: afterMiB, details: { idleMiB, afterMiB, laterMiB, tasks: count } };
}
