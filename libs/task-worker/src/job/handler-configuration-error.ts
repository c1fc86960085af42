/** The handlers of a process do not fit its contracts. The message says what to do; the process does not start. */
export class HandlerConfigurationError extends Error {
  override readonly name = 'HandlerConfigurationError';
}
