import type { TaskError, TaskEvent } from '@mentorhub/task-store';
import type { UnreadableReason } from '../job/decode-delivery.js';

/** An end that is recorded: told to the history, and again whenever the message comes again. */
export type RecordedOutcome =
  | { readonly kind: 'succeeded'; readonly event: TaskEvent }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly event: TaskEvent & { readonly error: TaskError };
    }
  | { readonly kind: 'revoked'; readonly event: TaskEvent };

/** Why a message was parked after a handler had been found for it. */
export type FailureReason = 'failed' | 'ambiguous' | 'poison';
export const failureReasons: readonly FailureReason[] = ['failed', 'ambiguous', 'poison'];

/** The attempt failed and another will follow. */
export interface Retrying {
  readonly kind: 'retrying';
  /** `row`: the task's row is due again already. `ladder`: the message is to be published to the delay ladder. */
  readonly through: 'row' | 'ladder';
  readonly delaySeconds: number;
  readonly event: TaskEvent & { readonly error: TaskError };
  /** Of the attempts up to the next one, those that were asked for by `RetryLater`. */
  readonly deferrals: number;
}

/** How an attempt ends that did not succeed. */
export type Failure = Exclude<RecordedOutcome, { kind: 'succeeded' }> | Retrying;

/** How one delivery ended. What is done about each stands in `settle-outcome.ts`. */
export type Outcome =
  | RecordedOutcome
  | Retrying
  | { readonly kind: 'expired'; readonly event: TaskEvent }
  /**
   * It had ended before, or ended in this process as its twin; that outcome is settled again, in case it was lost. A
   * retry is among them only as long as no row holds it: its message may not have been published.
   */
  | { readonly kind: 'duplicate'; readonly of: RecordedOutcome | Retrying }
  /** Its rate or its key is used up: it comes back in a while, and no attempt was spent. */
  | { readonly kind: 'postponed'; readonly seconds: number }
  /** It came off the delay ladder and did not find its queue, so many times by now: it is sent to it once more. */
  | { readonly kind: 'stranded'; readonly seconds: number; readonly times: number }
  /** The process stops: it goes back to its queue as it came. */
  | { readonly kind: 'unstarted' }
  /** Another worker is running it. */
  | { readonly kind: 'busy' }
  /** Another worker has taken it over, or a later attempt is decided: the outcome is not this one's to tell. */
  | { readonly kind: 'superseded' }
  /** No worker can read it. */
  | {
      readonly kind: 'unreadable';
      readonly reason: UnreadableReason;
      readonly error: TaskError;
      /** The end of its task, when the message says which one that is. */
      readonly event: TaskEvent | undefined;
    }
  /** The runtime itself could not decide, usually since the database is away: no attempt was spent. */
  | { readonly kind: 'fault'; readonly error: unknown };
