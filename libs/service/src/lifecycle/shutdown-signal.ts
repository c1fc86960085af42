/** Why something that was waiting gave up: the service is stopping. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError';

  constructor() {
    super('The service is shutting down.');
  }
}

/**
 * Tells whoever waits long (a long poll, a stream of events, a wait for the database) that the service has begun to
 * stop. Injectable everywhere; fires before anything is closed.
 * @example reply.raw.on('close', stop); shutdown.signal.addEventListener('abort', stop);
 */
export class ShutdownSignal {
  private readonly controller = new AbortController();

  /** Aborted with a `ShutdownError` when the shutdown begins. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** True from the beginning of the shutdown. */
  get started(): boolean {
    return this.controller.signal.aborted;
  }

  /**
   * Waits for `promise`, but not into the shutdown.
   * @throws {ShutdownError} as soon as the shutdown begins, or has begun.
   */
  async interrupt<T>(promise: Promise<T>): Promise<T> {
    const { promise: begun, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(this.signal.reason as ShutdownError);
    this.signal.addEventListener('abort', onAbort);
    if (this.started) onAbort();
    // Whichever loses must not count as unhandled.
    promise.catch(() => undefined);
    return Promise.race([begun, promise]).finally(() => this.signal.removeEventListener('abort', onAbort));
  }

  /** Begins the shutdown for all who listen; called by the runner. Idempotent. */
  begin(): void {
    if (!this.started) this.controller.abort(new ShutdownError());
  }
}
