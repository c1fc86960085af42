import { taskEvent } from '../outcomes/task-events.js';
import type { Middleware } from './middleware.js';

/** A task whose expiry passed while it waited ends as `expired`, unrun and without failure. */
export const expire = (worker: string): Middleware => {
  return async (job, next) => {
    if (!job.expiresAt || job.expiresAt.getTime() > Date.now()) return next();
    return { kind: 'expired', event: taskEvent(job, 'expired', worker) };
  };
};
