import type { RevocationWatch } from '../control/revocation-watch.js';
import { runOf, type EffectsOptions } from '../running/claims.js';
import type { Middleware } from './middleware.js';

/** A revoked task whose effects are `idempotent` is not run; the others find their tombstone when they are claimed. */
export function refuseRevoked(
  watch: Pick<RevocationWatch, 'has'>,
  { store, runner, worker }: EffectsOptions,
): Middleware {
  return async (job, next) => {
    if (!watch.has(job.id, job.run)) return next();
    try {
      const told = await store.revocations.markRevoked(store.dataSource.manager, runOf(job), worker);
      return told ? runner.revoked(job) : { kind: 'superseded' };
    } catch (error) {
      return { kind: 'fault', error };
    }
  };
}
