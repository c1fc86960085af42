import { ThreadPoolClosedError } from './thread-errors.js';

/**
 * As many attempts at once as there may be threads, first come, first served. Whoever waits here has not been claimed
 * yet, so the wait costs neither its time limit nor its claim.
 */
export class ThreadSlots {
  private readonly waiting: PromiseWithResolvers<void>[] = [];
  private taken = 0;
  private closed = false;

  constructor(private readonly count: number) {}

  /** @throws {ThreadPoolClosedError} the process stops. */
  async take(): Promise<() => void> {
    if (this.closed) throw new ThreadPoolClosedError();
    if (this.taken < this.count) this.taken += 1;
    else await this.turn();
    let given = false;
    return () => {
      if (!given) this.giveBack();
      given = true;
    };
  }

  /** Turns away those who wait, and whoever comes later. */
  close(): void {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new ThreadPoolClosedError());
  }

  private turn(): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.waiting.push(turn);
    return turn.promise;
  }

  private giveBack(): void {
    const next = this.waiting.shift();
    if (next) next.resolve();
    else this.taken -= 1;
  }
}
