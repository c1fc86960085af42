import { setTimeout as delay } from 'node:timers/promises';
import { GrowingDelay } from './growing-delay.js';

/** A success that lasted less than this counts as a failure: what is closed again at once must not be reopened in a hot loop. */
const stableAfterMs = 5_000;

interface RecoveryTask {
  /** True while the thing is missing and trying makes sense (the connection is up). */
  isWanted(): boolean;
  /** One try; rejects when it did not work. */
  attempt(): Promise<void>;
  onFailure(error: Error): void;
}

/**
 * Brings one thing (a channel, a subscription, the topology) back whenever it was lost.
 *
 * 1. `wake` starts trying, at once; calling it while a try runs changes nothing, while it waits it ends the wait.
 * 2. A failed try is repeated after 50 ms, doubling to 2 s, as long as the thing `isWanted`.
 * 3. After a success it rests until the next `wake`; one that comes soon after waits first.
 * 4. `stop` is final.
 */
export class RecoveryLoop {
  private readonly delay = new GrowingDelay(0.05, 2);
  private running = false;
  private stopped = false;
  private succeededAt = -Infinity;
  private waiting = new AbortController();

  constructor(private readonly task: RecoveryTask) {}

  wake(): void {
    this.waiting.abort();
    if (this.running || this.stopped) return;
    this.running = true;
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.waiting.abort();
  }

  private async run(): Promise<void> {
    if (performance.now() - this.succeededAt >= stableAfterMs) this.delay.reset();
    else await this.wait();
    while (this.isWanted()) {
      await this.attempt();
      if (this.isWanted()) await this.wait();
    }
    this.running = false;
  }

  private isWanted(): boolean {
    return !this.stopped && this.task.isWanted();
  }

  private async attempt(): Promise<void> {
    try {
      await this.task.attempt();
      this.succeededAt = performance.now();
    } catch (error) {
      // Not wanted any more: the connection is down, which is logged where it happens.
      if (this.isWanted()) this.task.onFailure(error as Error);
    }
  }

  private wait(): Promise<void> {
    this.waiting = new AbortController();
    const { signal } = this.waiting;
    return delay(this.delay.nextSeconds() * 1000, undefined, { signal }).catch(() => undefined);
  }
}
