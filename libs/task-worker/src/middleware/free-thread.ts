import type { ThreadSlots } from '../isolation/thread-slots.js';
import type { Middleware } from './middleware.js';

/** Before a task that is isolated in a thread is claimed and its time runs, it waits for a free one. */
export const freeThread = (slots: ThreadSlots): Middleware => {
  return async (job, next) => {
    if (job.contract.kind === 'event' || job.contract.isolation === 'inline') return next();
    // Turned away since the process stops: nothing has run, so whoever gets it next begins with the same attempt.
    const release = await slots.take().catch(() => undefined);
    if (!release) return { kind: 'unstarted' };
    try {
      // The broker may have given it to somebody else while it waited.
      return job.delivery.channelOpen ? await next() : { kind: 'superseded' };
    } finally {
      release();
    }
  };
};
