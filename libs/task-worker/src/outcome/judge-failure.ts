import { retryDelaySeconds, type RetryPolicy } from '@mentorhub/task-contracts';
import type { FailureReason } from './outcome.js';

/** What an attempt that failed leads to. */
export type Verdict =
  | { readonly kind: 'fail'; readonly reason: FailureReason }
  /** `counted`: it uses up one of the policy's retries. */
  | { readonly kind: 'retry'; readonly delaySeconds: number; readonly counted: boolean };

export interface FailedAttempt {
  readonly policy: RetryPolicy;
  /** Attempts so far that count, this one included; from 1. */
  readonly tries: number;
  readonly onAmbiguous: 'again' | 'park';
}

/**
 * The one place that says what an error of a handler means: whether the task is tried again, and when.
 *
 * Errors are told by their names as well, since one that comes from a worker thread has lost its class.
 */
export function judgeFailure(thrown: unknown, attempt: FailedAttempt, random = Math.random()): Verdict {
  const { policy, tries, onAmbiguous } = attempt;
  const { name, seconds } = (thrown ?? {}) as { name?: unknown; seconds?: unknown };
  if (name === 'PermanentError') return { kind: 'fail', reason: 'failed' };
  if (name === 'AmbiguousError' && onAmbiguous === 'park') return { kind: 'fail', reason: 'ambiguous' };
  if (name === 'RetryLater' && typeof seconds === 'number' && !Number.isNaN(seconds)) {
    return { kind: 'retry', delaySeconds: Math.min(Math.max(seconds, 0), policy.maxDelaySeconds), counted: false };
  }
  if (tries > policy.maxRetries) return { kind: 'fail', reason: 'failed' };
  return { kind: 'retry', delaySeconds: retryDelaySeconds(policy, tries - 1, random), counted: true };
}
