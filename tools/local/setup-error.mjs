/**
 * A failure that the person at the keyboard can act on: `message` says what happened and what to do; `log`, if given,
 * is the end of the log that shows why. Entry points print these two and no stack.
 */
export class SetupError extends Error {
  constructor(message, { log, cause } = {}) {
    super(message, { cause });
    this.name = 'SetupError';
    this.log = log;
  }
}

/** What an entry point prints for any error: sentences for a SetupError, the stack for everything unforeseen. */
export function describeFailure(error) {
  if (!(error instanceof SetupError)) return error?.stack ?? String(error);
  const log = error.log?.trim();
  return log ? `${error.message}\n\n${log.replace(/^/gm, '    ')}\n` : error.message;
}
