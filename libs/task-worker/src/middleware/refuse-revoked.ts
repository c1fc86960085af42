import type { RevocationWatch } from '../control/revocation-watch.js';
import type { Outcome } from '../outcome/outcome.js';
import type { EffectsOptions } from '../running/claims.js';
import { type Job, runOf } from '../job/job.js';
import { isLight, only, type Middleware } from './middleware.js';

/** A revoked task whose effects are `idempotent` is not run; the others find their tombstone when they are claimed. */
export function refuseRevoked(
  watch: Pick<RevocationWatch, 'has' | 'mayHave'>,
  { store, runner, worker }: EffectsOptions,
): Middleware {
  const refusal = async (job: Job): Promise<Outcome | undefined> => {
    if (!(await watch.has(runOf(job)))) return undefined;
    const told = await store.revocations.markRevoked(store.dataSource.manager, runOf(job), worker);
    return told ? runner.revoked(job) : { kind: 'superseded' };
  };
  const unlessRefused: Middleware = async (job, next) => {
    const refused = await refusal(job).catch((error: unknown): Outcome => ({ kind: 'fault', error }));
    return refused ?? next();
  };
  return only(isLight, (job, next) => (watch.mayHave(runOf(job)) ? unlessRefused(job, next) : next()));
}
