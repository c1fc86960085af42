import { setTimeout as delay } from 'node:timers/promises';

const firstSeconds = 0.05;
const longestSeconds = 1;
const tellEverySeconds = 10;

/** The growing pauses between tries of the same thing: 50 ms, doubling to 1 s. */
export class RetryPause {
  private seconds = firstSeconds;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly signal: AbortSignal) {}

  /** True at the first fault and then every 10 s, so that a long one does not flood the log. */
  tells(): boolean {
    const now = performance.now();
    if (now - this.toldAt < tellEverySeconds * 1000) return false;
    this.toldAt = now;
    return true;
  }

  /** Waits; false when the signal has fired instead. */
  async over(): Promise<boolean> {
    const { seconds, signal } = this;
    this.seconds = Math.min(longestSeconds, seconds * 2);
    return delay(seconds * 1000, true, { signal }).catch(() => false);
  }
}
