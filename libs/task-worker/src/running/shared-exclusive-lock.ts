/** Gives a place back. */
export type Leave = () => void;

interface Place {
  readonly alone: boolean;
  /** From when on it may never end. */
  readonly overdueAt: number;
}

interface Waiter {
  readonly alone: boolean;
  readonly seconds: number;
  readonly since: number;
  readonly answer: (leave: Leave | undefined) => void;
}

/**
 * Lets work run side by side, or one piece of it alone. Who waits to be alone goes before whoever comes later.
 *
 * 1. Everybody says how long it takes at most. What takes longer may never end and is not waited for: who wants to be alone
 *    is sent away, and beside one that has been alone for too long others run again.
 * 2. Who waits behind another one that is, or wants to be, alone is sent away after `waitBehindSeconds`, so that those who
 *    run side by side get their turn.
 * 3. `stop` sends away everybody who waits, and who still comes.
 */
export class SharedExclusiveLock {
  private readonly inside = new Set<Place>();
  private readonly waiting: Waiter[] = [];
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly waitBehindSeconds: number) {}

  /** A place beside others. @returns undefined when it was sent away. */
  shared(seconds: number): Promise<Leave | undefined> {
    return this.place(false, seconds);
  }

  /** A place beside others, if there is one without waiting. */
  sharedNow(seconds: number): Leave | undefined {
    if (this.stopped || this.waiting.length > 0 || this.isTaken(performance.now())) return undefined;
    return this.enter(false, seconds);
  }

  /** A place with nothing beside it. @returns undefined when it was sent away. */
  exclusive(seconds: number): Promise<Leave | undefined> {
    return this.place(true, seconds);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const { answer } of this.waiting.splice(0)) answer(undefined);
  }

  private async place(alone: boolean, seconds: number): Promise<Leave | undefined> {
    if (this.stopped) return undefined;
    const since = performance.now();
    if (this.waiting.length === 0 && this.mayEnter(alone, since)) return this.enter(alone, seconds);
    return new Promise((answer) => {
      this.waiting.push({ alone, seconds, since, answer });
      this.review();
    });
  }

  private enter(alone: boolean, seconds: number): Leave {
    const place = { alone, overdueAt: performance.now() + seconds * 1000 };
    this.inside.add(place);
    return () => {
      if (this.inside.delete(place) && this.waiting.length > 0) this.review();
    };
  }

  private mayEnter(alone: boolean, now: number): boolean {
    return alone ? this.inside.size === 0 : !this.isTaken(now);
  }

  /** Whether one is alone that may still end. */
  private isTaken(now: number): boolean {
    return this.inside.size === 1 && [...this.inside].some(({ alone, overdueAt }) => alone && overdueAt > now);
  }

  /** Sends away who has waited for too long, lets in whoever may, and looks again when time changes that. */
  private review(): void {
    const now = performance.now();
    for (const waiter of [...this.waiting]) if (this.patienceOf(waiter, now) <= now) this.remove(waiter, undefined);
    for (let next = this.waiting[0]; next && this.mayEnter(next.alone, now); next = this.waiting[0])
      this.remove(next, this.enter(next.alone, next.seconds));
    this.reviewLater(now);
  }

  private remove(waiter: Waiter, leave: Leave | undefined): void {
    this.waiting.splice(this.waiting.indexOf(waiter), 1);
    waiter.answer(leave);
  }

  private patienceOf(waiter: Waiter, now: number): number {
    if (!waiter.alone) return Infinity;
    if (this.waiting[0] !== waiter || this.isTaken(now)) return waiter.since + this.waitBehindSeconds * 1000;
    return this.firstOverdueAt();
  }

  private firstOverdueAt(): number {
    return [...this.inside].reduce((first, { overdueAt }) => Math.min(first, overdueAt), Infinity);
  }

  private reviewLater(now: number): void {
    clearTimeout(this.timer);
    if (this.waiting.length === 0) return;
    const taken = this.isTaken(now) ? this.firstOverdueAt() : Infinity;
    const next = this.waiting.reduce((first, waiter) => Math.min(first, this.patienceOf(waiter, now)), taken);
    if (next < Infinity)
      this.timer = setTimeout(() => this.review(), Math.min(Math.max(next - now, 0) + 1, longestTimerMs));
  }
}

const longestTimerMs = 2 ** 31 - 1;
