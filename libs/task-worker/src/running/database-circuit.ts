import type { Logger } from '@mentorhub/service';
import { setTimeout as delay } from 'node:timers/promises';

export interface DatabaseCircuitOptions {
  /** Rejects while the database is away or takes no writes; on a connection that is no task's. */
  readonly probe: () => Promise<unknown>;
  readonly logger: Logger;
}

const probeEveryMs = 500;

/**
 * Keeps work back while the database is away.
 *
 * 1. A job that found no database looks for it on another connection. If it is there, the fault was that job's connection
 *    alone, and nobody else is concerned.
 * 2. If not, no delivery is started any more, what has arrived waits here unacked. The database is probed twice a second; no
 *    message is moved and no attempt is spent meanwhile.
 * 3. Once it answers, everything that waited goes on.
 */
export class DatabaseCircuit {
  private tripped: Promise<void> | undefined;
  private readonly listeners: (() => void)[] = [];
  private readonly stopping = new AbortController();

  constructor(private readonly options: DatabaseCircuitOptions) {}

  /** Whether work may start. */
  get closed(): boolean {
    return this.tripped === undefined;
  }

  get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Called each time work may start again. */
  onClosed(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Whether the database answers after all, now that something did not find it. If not, work stops until it is back. */
  async answersAfter(error: unknown): Promise<boolean> {
    if (this.tripped) return false;
    if (await this.answers()) return true;
    if (!this.isStopped) this.tripped ??= this.untilAnswering(error);
    return false;
  }

  /** Resolves when the database is back, or when `stop` was called; at once when it was not away. */
  async untilBack(): Promise<void> {
    await this.tripped;
  }

  /** Ends the waiting of everybody; nobody waits afterwards. */
  stop(): void {
    this.stopping.abort();
  }

  private async untilAnswering(error: unknown): Promise<void> {
    const { logger } = this.options;
    logger.warn({ err: error }, 'PostgreSQL is away: no task is started until it is back, and no attempt is spent.');
    while (!this.isStopped) {
      await this.pause();
      if (this.isStopped || (await this.answers())) break;
    }
    this.tripped = undefined;
    if (this.isStopped) return;
    for (const listener of this.listeners) listener();
  }

  private answers(): Promise<boolean> {
    return this.options.probe().then(
      () => true,
      () => false,
    );
  }

  private pause(): Promise<void> {
    return delay(probeEveryMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
