import type { Flow } from '@mentorhub/task-store';
import type { Logger } from '@mentorhub/service';
import { randomUUID } from 'node:crypto';

export interface KeySlotsOptions {
  readonly flow: Flow;
  readonly logger: Logger;
}

interface Line {
  inside: number;
  /** Told true when they get the place of one that has left. */
  readonly waiting: Set<(place: boolean) => void>;
}

/** A slot of a worker that died is free again after this. */
const leaseSeconds = 60;
const renewEveryMs = 15_000;
const askAgainMs = 200;
const freeAgainMs = 1_000;

/**
 * Bounds how many tasks of one key run at once over all replicas.
 *
 * Those of this process stand in line here, so that only as many as may run at once ask PostgreSQL for a slot. A slot is
 * a lease that is renewed while its task runs.
 */
export class KeySlots {
  private readonly lines = new Map<string, Line>();
  private stopped = false;

  constructor(private readonly options: KeySlotsOptions) {}

  /** @returns what frees the slot; undefined when none was free within `longestWaitSeconds`, or the process stops. */
  async take(key: string, limit: number, longestWaitSeconds: number): Promise<(() => Promise<void>) | undefined> {
    const deadline = performance.now() + longestWaitSeconds * 1000;
    if (!(await this.enter(key, limit, deadline))) return undefined;
    const token = randomUUID();
    try {
      while (!(await this.options.flow.takeSlot(key, limit, token, leaseSeconds))) {
        if (this.stopped || performance.now() > deadline) return this.leave(key);
        await new Promise((resolve) => setTimeout(resolve, askAgainMs * (0.5 + Math.random())));
      }
    } catch (error) {
      void this.giveBack(key, token); // it may have been given, and the answer was lost
      this.leave(key);
      throw error;
    }
    const renewing = setInterval(() => void this.renew(key, token), renewEveryMs);
    return () => this.free(key, token, renewing);
  }

  /** Sends away who waits. */
  stop(): void {
    this.stopped = true;
    for (const { waiting } of this.lines.values()) for (const wake of waiting) wake(false);
  }

  private async enter(key: string, limit: number, deadline: number): Promise<boolean> {
    if (this.stopped) return false;
    const line = this.lines.get(key) ?? { inside: 0, waiting: new Set() };
    this.lines.set(key, line);
    if (line.inside < limit) {
      line.inside += 1;
      return true;
    }
    return inLine(line, deadline);
  }

  /** Its place goes to who waits, so that nobody gets in between. */
  private leave(key: string): undefined {
    const line = this.lines.get(key);
    if (!line) return;
    const [next] = line.waiting;
    if (next && !this.stopped) return void next(true);
    line.inside -= 1;
    if (line.inside === 0) this.lines.delete(key);
  }

  private async free(key: string, token: string, renewing: NodeJS.Timeout): Promise<void> {
    clearInterval(renewing);
    await this.giveBack(key, token);
    this.leave(key);
  }

  /** Nobody waits for more than the first try. */
  private async giveBack(key: string, token: string, until = performance.now() + leaseSeconds * 1000): Promise<void> {
    try {
      await this.options.flow.freeSlot(key, token);
    } catch (error) {
      if (performance.now() > until) return;
      this.options.logger.warn(
        { err: error, key },
        'A concurrency slot could not be freed; it is tried again until it expires, in a minute.',
      );
      setTimeout(() => void this.giveBack(key, token, until), freeAgainMs).unref();
    }
  }

  private async renew(key: string, token: string): Promise<void> {
    const held = await this.options.flow.renewSlot(key, token, leaseSeconds).catch(() => undefined);
    if (held === false)
      this.options.logger.error({ key }, 'A concurrency slot expired while its task ran; another may run beside it.');
  }
}

/** Waits for a place, at most until the deadline; who gave up gets none. */
function inLine({ waiting }: Line, deadline: number): Promise<boolean> {
  return new Promise((resolve) => {
    const wake = (place: boolean) => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve(place);
    };
    const timer = setTimeout(() => wake(false), Math.max(0, deadline - performance.now()));
    waiting.add(wake);
  });
}
