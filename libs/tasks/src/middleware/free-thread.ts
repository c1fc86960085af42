import type { ThreadSlots } from '../isolation/thread-slots.js';
import type { Outcome } from '../outcomes/outcome.js';
import type { Middleware } from './middleware.js';

/** Before a task that is isolated in a thread is claimed and its time runs, it waits for a free one. */
export const freeThread = (slots: ThreadSlots): Middleware => {
  return async (job, next) => {
    if (job.contract.kind === 'event' || job.contract.isolation === 'inline') return next();
    const release = await slots.take().catch((error: unknown): Outcome => ({ kind: 'fault', error }));
    if (typeof release !== 'function') return release;
    try {
      // The broker may have given it to somebody else while it waited.
      return job.delivery.channelOpen ? await next() : { kind: 'superseded' };
    } finally {
      release();
    }
  };
};
