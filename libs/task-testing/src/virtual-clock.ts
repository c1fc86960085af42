/** The time of a test, which moves when it is told to. Instants are milliseconds since 1970. */
export class VirtualClock {
  private movedMs = 0;

  /** @param base the real time goes on underneath, as instants that code under test takes from `new Date()` do; a fixed one stands. */
  constructor(private readonly base: () => number) {}

  get now(): number {
    return this.base() + this.movedMs;
  }

  /** Time never goes back. */
  moveTo(instant: number): void {
    this.movedMs += Math.max(0, instant - this.now);
  }
}
