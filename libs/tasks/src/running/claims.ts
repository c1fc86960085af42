import { isDatabaseUnavailable, type Claim, type TaskRun, type TaskStore } from '@mentorhub/task-store';
import type { Logger } from '@mentorhub/service';
import type { Outcome, RecordedOutcome } from '../outcomes/outcome.js';
import type { Job } from '../server/job.js';
import type { HandlerRunner } from './run-handler.js';

export interface EffectsOptions {
  readonly store: TaskStore;
  readonly runner: HandlerRunner;
  readonly worker: string;
  readonly logger: Logger;
}

export type StoredClaim = Claim<RecordedOutcome>;
export type Failure = RecordedOutcome & { readonly kind: 'failed' };

export const runOf = (job: Job): TaskRun => ({ taskId: job.id, run: job.run, attempt: job.attempt });

/** What a delivery comes to whose task somebody else runs, or has run. */
export const refused = (claim: Extract<StoredClaim, { kind: 'busy' | 'finished' }>): Outcome =>
  claim.kind === 'finished' ? { kind: 'duplicate', of: claim.outcome } : { kind: 'busy' };

/** A handler's own network errors are its failures; only a query that found no database is the runtime's. */
export function isQueryOfAnAbsentDatabase(error: unknown): boolean {
  for (let seen = error, depth = 0; seen instanceof Error && depth < 5; seen = seen.cause, depth += 1) {
    if (queryErrors.has(seen.name) && isDatabaseUnavailable(seen)) return true;
  }
  return false;
}

const queryErrors = new Set([
  'QueryFailedError',
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
]);
