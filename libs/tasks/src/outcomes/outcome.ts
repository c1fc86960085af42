import type { TaskError, TaskEvent } from '@mentorhub/task-store';
import type { UnreadableReason } from '../server/decode-delivery.js';

/** An end that is recorded: told to the history, and again whenever the message comes again. */
export type RecordedOutcome =
  | { readonly kind: 'succeeded'; readonly event: TaskEvent }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly event: TaskEvent & { readonly error: TaskError };
    };

/** Why a message was parked after a handler had been found for it. */
export type FailureReason = 'failed' | 'ambiguous';
export const failureReasons: readonly FailureReason[] = ['failed', 'ambiguous'];

/** How one delivery ended. What is done about each stands in `settle-outcome.ts`. */
export type Outcome =
  | RecordedOutcome
  | { readonly kind: 'expired'; readonly event: TaskEvent }
  /** It had ended before; the recorded outcome is told again, in case it was lost. */
  | { readonly kind: 'duplicate'; readonly of: RecordedOutcome }
  /** Another worker is running it. */
  | { readonly kind: 'busy' }
  /** Another worker has taken it over, and the outcome is that one's to tell. */
  | { readonly kind: 'superseded' }
  /** No worker can read it. */
  | {
      readonly kind: 'unreadable';
      readonly reason: UnreadableReason;
      readonly error: TaskError;
      /** The end of its task, when the message says which one that is. */
      readonly event: TaskEvent | undefined;
    }
  /** The runtime's own database was away: no attempt was spent. */
  | { readonly kind: 'fault'; readonly error: unknown };
