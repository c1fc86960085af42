/**
 * Why a call was not carried out.
 *
 * - `invalid`: its input does not fit; `faults` say where.
 * - `not-found`: what it names does not exist.
 * - `conflict`: it contradicts what exists.
 * - `stale`: what it wants to change was changed since the caller read it.
 * - `unavailable`: right now it cannot be answered; nothing was done.
 * - `failed`: a fault of the service that answers.
 */
export const refusalCodes = ['invalid', 'not-found', 'conflict', 'stale', 'unavailable', 'failed'] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** Where an input does not fit and why. */
export interface CallFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The service answered that it does not do it. Handlers throw it, callers catch it. */
export class CallRefusedError extends Error {
  override readonly name = 'CallRefusedError';

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly faults: readonly CallFault[] = [],
  ) {
    super(message);
  }
}

/** The call reached nobody: nothing was done, and trying again later is right. */
export class CallUnreachableError extends Error {
  override readonly name = 'CallUnreachableError';
}

/** No answer came in time. Whether the call was carried out is not known. */
export class CallTimeoutError extends Error {
  override readonly name = 'CallTimeoutError';
}
