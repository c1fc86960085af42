import { setTimeout as delay } from 'node:timers/promises';

/**
 * Gathers what arrives while a run is under way and hands it to the next run together, so that a busy process does one
 * round trip for many callers and an idle one waits for nobody.
 */
export class Coalescer<T> {
  private gathered: T[] = [];
  private running: Promise<void> | undefined;
  private lastRunAt = -Infinity;

  /**
   * @param run handles its own errors: one that it throws reaches whoever waits in {@link settled}.
   * @param intervalMs from the beginning of a run to that of the next at least, in which more can gather. Default 0.
   */
  constructor(
    private readonly run: (batch: T[]) => Promise<void>,
    private readonly intervalMs = 0,
  ) {}

  add(items: readonly T[]): void {
    this.gathered.push(...items);
    this.running ??= this.drain();
  }

  /** Resolves when nothing is gathered and nothing runs. */
  async settled(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    try {
      await Promise.resolve(); // what is added in the same tick belongs together
      while (this.gathered.length > 0) {
        const early = this.lastRunAt + this.intervalMs - performance.now();
        if (early > 0) await delay(early);
        this.lastRunAt = performance.now();
        await this.run(this.gathered.splice(0));
      }
    } finally {
      this.running = undefined;
    }
  }
}
