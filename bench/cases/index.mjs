import { enqueueBulk, enqueueDirect, enqueueTransactional } from './enqueue.mjs';
import { latency } from './latency.mjs';
import { memoryScheduled } from './memory-scheduled.mjs';
import { memoryWorker } from './memory-worker.mjs';
import { processLight, processTracked } from './process.mjs';
import { relayLateness } from './relay-lateness.mjs';

/** How each case is measured, the same way for every system: `(system, servers, settings) => {value, details}`. */
export const measurements = {
  'enqueue-direct': enqueueDirect,
  'enqueue-bulk': enqueueBulk,
  'enqueue-transactional': enqueueTransactional,
  process: processLight,
  'process-tracked': processTracked,
  'latency-10': latency,
  'latency-50': latency,
  'latency-1000': latency,
  'latency-5000': latency,
  'relay-lateness': relayLateness,
  'memory-scheduled': memoryScheduled,
  'memory-worker': memoryWorker,
};
