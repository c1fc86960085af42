import type { Job } from '../job/job.js';
import type { ThreadSlots } from '../isolation/thread-slots.js';
import { only, type Middleware } from './middleware.js';

/** Before a task that is isolated in a thread is claimed and its time runs, it waits for a free one. */
export const freeThread = (slots: ThreadSlots): Middleware => {
  return only(isIsolated, async (job, next) => {
    // Turned away since the process stops: nothing has run, so whoever gets it next begins with the same attempt.
    const release = await slots.take().catch(() => undefined);
    if (!release) return { kind: 'unstarted' };
    try {
      // The broker may have given it to somebody else while it waited.
      return job.delivery.channelOpen ? await next() : { kind: 'superseded' };
    } finally {
      release();
    }
  });
};

const isIsolated = (contract: Job['contract']): boolean => contract.kind === 'task' && contract.isolation === 'thread';
