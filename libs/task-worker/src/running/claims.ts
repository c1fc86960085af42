import type { Claim, TaskStore } from '@mentorhub/task-store';
import type { Logger } from '@mentorhub/service';
import type { Outcome, RecordedOutcome } from '../outcome/outcome.js';
import type { HandlerFaults } from './handler-faults.js';
import type { HandlerRunner } from './run-handler.js';

export interface EffectsOptions {
  readonly store: TaskStore;
  readonly runner: HandlerRunner;
  readonly worker: string;
  readonly logger: Logger;
  readonly faults: HandlerFaults;
}

export type StoredClaim = Claim<RecordedOutcome>;
export type GrantedClaim = Extract<StoredClaim, { kind: 'claimed' | 'ambiguous' }>;
export const isGranted = (claim: StoredClaim): claim is GrantedClaim =>
  claim.kind === 'claimed' || claim.kind === 'ambiguous';

/** What a delivery comes to whose task somebody else runs, or has run. */
export function refused(claim: Exclude<StoredClaim, GrantedClaim | { kind: 'revoked' }>): Outcome {
  if (claim.kind === 'finished') return { kind: 'duplicate', of: claim.outcome };
  return { kind: claim.kind };
}
