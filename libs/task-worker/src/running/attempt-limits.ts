import { HardLimitError } from '@mentorhub/task-contracts';
import type { TimeLimit } from '@mentorhub/task-contracts';

/** The task was revoked while its handler ran. */
export class RevokedError extends Error {
  override readonly name = 'RevokedError';

  constructor() {
    super('The task was revoked while it ran.');
  }
}

/** The runtime, not the handler, ended the attempt. */
export const isCutShort = (error: unknown): error is HardLimitError | RevokedError =>
  error instanceof HardLimitError || error instanceof RevokedError;

/**
 * The time limits of one attempt.
 *
 * 1. The soft limit fires the signal, and the handler may still clean up and end as it likes.
 * 2. The hard limit, or a revocation, fires it too, calls `onCut`, and the attempt counts as cut short whatever the
 *    handler makes of it. An inline handler cannot be ended from outside: it keeps its slot until it returns. (One in a
 *    thread is ended by its pool, so no hard limit is given here.)
 */
export class AttemptLimits {
  private abort: AbortController | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private reason: HardLimitError | RevokedError | undefined;
  private cutting: Promise<void> | undefined;
  private fired: Error | undefined;

  constructor(
    { softSeconds, hardSeconds }: Partial<TimeLimit>,
    private readonly onCut: (reason: HardLimitError | RevokedError) => Promise<void>,
  ) {
    if (softSeconds !== undefined) this.after(softSeconds, () => this.fire(softLimitReached(softSeconds)));
    if (hardSeconds !== undefined) this.after(hardSeconds, () => this.cut(new HardLimitError(hardSeconds)));
  }

  /** What tells a handler that it should end; made when it is asked for. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (this.fired && !this.abort.signal.aborted) this.abort.abort(this.fired);
    return this.abort.signal;
  }

  /** Why the attempt no longer counts as the handler's to decide. */
  get cutShort(): HardLimitError | RevokedError | undefined {
    return this.reason;
  }

  cut(reason: HardLimitError | RevokedError): void {
    if (this.reason) return;
    this.reason = reason;
    this.fire(reason);
    this.cutting = this.onCut(reason);
  }

  /** Resolves when what `onCut` began is over; at once when the attempt was not cut short. */
  async untilCut(): Promise<void> {
    await this.cutting;
  }

  release(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private fire(reason: Error): void {
    this.fired ??= reason;
    this.abort?.abort(reason);
  }

  private after(seconds: number, act: () => void): void {
    this.timers.push(setTimeout(act, Math.min(seconds * 1000, longestTimerMs)));
  }
}

const longestTimerMs = 2 ** 31 - 1;

const softLimitReached = (seconds: number): DOMException =>
  new DOMException(`The task's soft time limit of ${seconds} s is reached.`, 'TimeoutError');
