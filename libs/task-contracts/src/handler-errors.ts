/**
 * Thrown by a handler: trying again is pointless, so the task fails at once. With a `cause`, that error's name is what
 * history and dead letters show.
 *
 * @example throw new PermanentError('The address does not exist.', { cause: refusal });
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/**
 * Thrown by a handler: not now, but in this many seconds. It does not count as an attempt. The wait is at least 0 and at
 * most the contract's `retry.maxDelaySeconds`; how often a task may ask for it is bounded by its `expires` alone.
 *
 * @example throw new RetryLater(30, 'The provider asked to slow down.');
 */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';

  constructor(
    readonly seconds: number,
    reason = `Asked to be run again in ${seconds} s.`,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Thrown by a handler with external effects: the outside world was called, and nobody knows whether it acted, for
 * instance because it did not answer in time. The contract's `onAmbiguous` decides: `again` counts as a failed attempt
 * like any other, `park` ends the task for a person to look at. Both are counted in `task_ambiguous_total`.
 */
export class AmbiguousError extends Error {
  override readonly name = 'AmbiguousError';
}

/** The attempt ran longer than its contract's hard limit. */
export class HardLimitError extends Error {
  override readonly name = 'HardLimitError';

  constructor(seconds: number, what = 'the attempt counts as timed out') {
    super(`The task's hard time limit of ${seconds} s is reached; ${what}.`);
  }
}
