/**
 * The database's clock as this process knows it, for comparisons that have no statement of their own. The relay, which
 * asks PostgreSQL every second, tells what time it is there; before that, it is this machine's time.
 */
export class DatabaseClock {
  private offsetMs = 0;

  /** PostgreSQL said `time` in an answer that was asked for at `askedAt` and came at `answeredAt`, in milliseconds. */
  observe(time: Date, askedAt: number, answeredAt: number): void {
    this.offsetMs = time.getTime() - (askedAt + answeredAt) / 2;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offsetMs;
  }
}
