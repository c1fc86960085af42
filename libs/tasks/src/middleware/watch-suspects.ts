import type { Outcome } from '../outcomes/outcome.js';
import { runOf, type EffectsOptions } from '../running/claims.js';
import { aloneFromRedelivery, countedFromRedelivery, mostStarts } from '../running/poison.js';
import { recordFailure } from '../running/record-failure.js';
import type { Solitude } from '../running/solitude.js';
import { UnreadableMessage } from '../server/decode-delivery.js';
import type { Job } from '../server/job.js';
import type { Middleware } from './middleware.js';

/**
 * A message that came back may have killed its worker. Its start is committed before it runs; when such a start has not
 * ended, it runs alone from then on, and after three of them it is parked as poison.
 *
 * What was only prefetched beside it was never started, so it runs beside others however often it came back: each lost
 * connection brings back everything that was prefetched, and one after the other that would take hours.
 */
export function watchSuspects(options: EffectsOptions, solitude: Solitude): Middleware {
  return async (job, next) => {
    if (job.redeliveries < countedFromRedelivery) return solitude.shared(next);
    const work = () => countedStart(options, job, next);
    try {
      return await ((await isSuspect(options, job)) ? solitude.alone(work) : solitude.shared(work));
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  };
}

/** Only looked up: a start is counted when it happens, not when it waits to be alone and its worker may die meanwhile. */
async function isSuspect({ store }: EffectsOptions, job: Job): Promise<boolean> {
  if (job.redeliveries < aloneFromRedelivery) return false;
  return (await store.inbox.unendedStarts(store.dataSource.manager, runOf(job))) > 0;
}

async function countedStart(options: EffectsOptions, job: Job, next: () => Promise<Outcome>): Promise<Outcome> {
  // A claim of an external task is committed before it runs and counts for itself.
  if (isExternal(job)) return next();
  const { inbox, dataSource } = options.store;
  if ((await inbox.countStart(dataSource.manager, runOf(job))) > mostStarts) return park(options, job);
  const outcome = await next();
  if (!endsItsStart(job, outcome)) await inbox.forgetStart(dataSource.manager, runOf(job));
  return outcome;
}

const park = (options: EffectsOptions, job: Job): Promise<Outcome> =>
  options.store.dataSource.transaction((tx) => recordFailure(options, tx, job, options.runner.poisoned(job)));

const isExternal = ({ contract }: Job): boolean => contract.kind === 'task' && contract.effects === 'external';

/** Whatever records no outcome in the inbox leaves the count as it is: light tasks, and what decided nothing. */
const endsItsStart = ({ contract }: Job, { kind }: Outcome): boolean =>
  !(contract.kind === 'task' && contract.effects === 'idempotent') && recorded.has(kind);

const recorded: ReadonlySet<Outcome['kind']> = new Set(['succeeded', 'failed', 'revoked', 'retrying', 'duplicate']);
