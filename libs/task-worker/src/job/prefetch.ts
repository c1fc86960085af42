const aheadSeconds = 1;
/** Judged after so long at the latest, so that a queue whose tasks become slow is noticed by the next one that ends. */
const judgeAfterMs = 1_000;
const most = 4_000;
const mostBytes = 64 * 2 ** 20;

/**
 * How many deliveries of a queue a process holds at once.
 *
 * It begins with twice the concurrency, so that slow tasks are left to other replicas and nothing waits here for long. A
 * queue whose deliveries are done quickly gets up to a second's worth, since otherwise each would wait for the
 * broker. How quickly they come says nothing: what was waiting in the broker comes at once. Those that wait without a place (for a
 * rate, for a key) leave room for as many others and more, or they would hold up the queue. Never more than 4,000, nor more than would make 64 MiB of bodies of the usual size (but always the concurrency).
 *
 * What is held already comes on top of a new prefetch: it is made larger only while little waits here, so that at most one and a half
 * times as much is held.
 */
export class Prefetch {
  /** What is asked for; follows what is wanted in large steps. */
  private value: number;
  private byPace: number;
  private forWaiting = 0;
  private count = 0;
  private bytes = 0;
  private since: number | undefined;

  constructor(private readonly concurrency: number) {
    this.value = this.byPace = this.least;
  }

  get current(): number {
    return this.value;
  }

  /**
   * A delivery is done.
   *
   * @param now milliseconds of a clock that does not jump.
   * @param held how many are here and have not begun.
   * @returns the prefetch to have from now on, when it should be another.
   */
  done(bodyBytes: number, now: number, held: number): number | undefined {
    this.since ??= now;
    this.count += 1;
    this.bytes += bodyBytes;
    if (this.count < this.value && now - this.since < judgeAfterMs) return undefined;
    this.byPace = this.wantedByPace((now - this.since) / 1000);
    this.count = this.bytes = 0;
    this.since = now;
    return this.resized(held);
  }

  /**
   * So many deliveries wait without a place, with so many bytes of bodies.
   *
   * @returns as `done`.
   */
  waitWithoutPlace(count: number, bytes: number, held: number): number | undefined {
    this.forWaiting = 2 * bytes > mostBytes ? 0 : 2 * count;
    return this.resized(held);
  }

  private resized(held: number): number | undefined {
    const wanted = Math.min(most, this.byPace + this.forWaiting);
    if (wanted < 2 * this.value && wanted > this.value / 4) return undefined;
    if (wanted === this.value) return undefined;
    if (wanted > this.value && held >= wanted / 2) return undefined;
    this.value = wanted;
    return wanted;
  }

  private get least(): number {
    return Math.min(2 * this.concurrency, 65_535);
  }

  private wantedByPace(seconds: number): number {
    const perSecond = this.count / Math.max(seconds, 0.001);
    const byBytes = mostBytes / Math.max(1, this.bytes / this.count);
    const ahead = Math.max(this.least, Math.min(most, perSecond * aheadSeconds));
    return Math.floor(Math.max(this.concurrency, Math.min(ahead, byBytes)));
  }
}
