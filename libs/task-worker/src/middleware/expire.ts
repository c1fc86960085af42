import { randomUUID } from 'node:crypto';
import { taskEvent } from '../outcome/task-events.js';
import type { EffectsOptions } from '../running/claims.js';
import { type Job, runOf } from '../job/job.js';
import { isTask, only, type Middleware } from './middleware.js';

/**
 * A task whose expiry passed, by the database's clock, while it waited ends as `expired`, unrun and without failure. One
 * that has begun waits no more: its message may come again after its expiry, and then it ends as its first delivery does.
 * Events have no expiry.
 */
export const expire = (options: EffectsOptions): Middleware => {
  const unlessBegun: Middleware = async (job, next) => {
    let begun: boolean;
    try {
      begun = await hasBegun(options, job);
    } catch (error) {
      return { kind: 'fault', error };
    }
    return begun ? next() : { kind: 'expired', event: taskEvent(job, 'expired', options.worker) };
  };
  return only(isTask, (job, next) => {
    const isOver = job.expiresAt !== undefined && job.expiresAt.getTime() <= options.store.clock.now();
    return isOver ? unlessBegun(job, next) : next();
  });
};

/** Light tasks leave no trace of having begun, and may run again. */
async function hasBegun({ store }: EffectsOptions, job: Job): Promise<boolean> {
  if (job.contract.kind === 'task' && job.contract.effects === 'idempotent') return false;
  const { inbox, dataSource } = store;
  const claim = await inbox.claim(dataSource.manager, runOf(job), randomUUID(), 0);
  return claim.kind !== 'claimed' || inbox.isCalling(dataSource.manager, runOf(job));
}
