import { setTimeout as delay } from 'node:timers/promises';

const firstSeconds = 0.05;
const longestSeconds = 1;

/** The growing pauses between tries of the same thing: 50 ms, doubling to 1 s. */
export class RetryPause {
  private seconds = firstSeconds;

  constructor(private readonly signal: AbortSignal) {}

  /** Waits; false when the signal has fired instead. */
  async over(): Promise<boolean> {
    const { seconds, signal } = this;
    this.seconds = Math.min(longestSeconds, seconds * 2);
    return delay(seconds * 1000, true, { signal }).catch(() => false);
  }
}
