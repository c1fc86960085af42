/** A wait that doubles from `firstSeconds` to `longestSeconds`, shortened by up to a third at random so that replicas do not return in step. */
export class GrowingDelay {
  private tries = 0;

  constructor(
    private readonly firstSeconds: number,
    private readonly longestSeconds: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** The wait before the next try, in seconds. */
  nextSeconds(): number {
    const full = Math.min(this.firstSeconds * 2 ** this.tries, this.longestSeconds);
    this.tries += 1;
    return full * (1 - this.random() / 3);
  }

  reset(): void {
    this.tries = 0;
  }
}
