import { availableParallelism } from 'node:os';

/** Bounds of the threads that isolated tasks of one process run in. */
export interface ThreadOptions {
  /** Most threads at once. Default: as many as the process has CPUs. */
  readonly maxThreads?: number;
  /** A thread is replaced after this many tasks. Default 1000. */
  readonly maxTasksPerThread?: number;
  /** A thread that holds more than this many MiB (heap and buffers) after a task is replaced. Default 256. */
  readonly maxThreadMiB?: number;
  /** A task that needs more heap than this many MiB is ended, with its thread. Default: twice `maxThreadMiB`. */
  readonly maxHeapMiB?: number;
  /** A thread that has had nothing to do for this many seconds ends. Default 60. */
  readonly idleSeconds?: number;
}

export function withDefaults(options: ThreadOptions): Required<ThreadOptions> {
  const { maxThreads = availableParallelism(), maxThreadMiB = 256 } = options;
  const { maxTasksPerThread = 1000, maxHeapMiB = 2 * maxThreadMiB, idleSeconds = 60 } = options;
  return { maxThreads, maxTasksPerThread, maxThreadMiB, maxHeapMiB, idleSeconds };
}
