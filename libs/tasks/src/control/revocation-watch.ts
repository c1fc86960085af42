import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';
import type { Logger } from '@mentorhub/service';
import type { TaskStore, Tombstone } from '@mentorhub/task-store';
import { readRevoke, revokeRoutingKey } from './control-messages.js';

export interface RevocationWatchOptions {
  readonly broker: Broker;
  readonly store: Pick<TaskStore, 'revocations'>;
  readonly exchange: string;
  readonly worker: string;
  readonly logger: Logger;
  /** Ends what runs of a task here. */
  readonly terminate: (taskId: string, run: number) => void;
}

const loadAgainMs = 1_000;
/** For a transaction that revokes and takes its time, and for the time that a broadcast would have taken. */
const overlapSeconds = 60;

/**
 * Which tasks this worker must not run, as far as no claim would tell it.
 *
 * 1. `start` binds the worker's own broadcast queue, then loads the live tombstones: what is revoked in between is in one
 *    of the two. Only when it resolves may the worker consume.
 * 2. After every loss of the broadcast queue the tombstones are loaded again, since broadcasts were missed. Whenever the queue is
 *    bound again, which is every few seconds, those since the time before: its binding may have been missing.
 * 3. `stop` ends it.
 */
export class RevocationWatch {
  private readonly revoked = new Map<string, number>();
  private readonly stopping = new AbortController();
  private consumer: Consumer | undefined;
  /** When the tombstones were last known here; undefined while they are being loaded. */
  private knownAt: number | undefined;

  constructor(private readonly options: RevocationWatchOptions) {}

  has(taskId: string, run: number): boolean {
    return this.revoked.size > 0 && (this.revoked.get(taskId) ?? 0) >= run;
  }

  async start(): Promise<void> {
    const { broker, exchange, worker } = this.options;
    this.consumer = broker.consumeTemporary({
      name: `control.${worker}`,
      prefetch: 100,
      bindings: [{ exchange, routingKey: revokeRoutingKey }],
      onDelivery: (delivery) => this.hear(delivery),
      onCancelled: () => void this.load().catch(() => undefined),
      onBoundAgain: () => void this.catchUp(),
    });
    await this.load();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('The worker stops.'));
    await this.consumer?.close();
  }

  /** @throws {Error} it was stopped before. */
  private async load(): Promise<void> {
    const { signal } = this.stopping;
    this.knownAt = undefined;
    for (;;) {
      await this.consumer?.untilActive(signal);
      try {
        const since = performance.now();
        for (const tombstone of await this.options.store.revocations.live()) this.heed(tombstone);
        this.knownAt = since;
        return;
      } catch (error) {
        this.options.logger.warn({ err: error }, 'The revoked tasks could not be read; trying again.');
        await new Promise((resolve) => setTimeout(resolve, loadAgainMs));
        signal.throwIfAborted();
      }
    }
  }

  /** A failure leaves the time as it was, so that the next one catches up with all of it. */
  private async catchUp(): Promise<void> {
    if (this.knownAt === undefined) return;
    const now = performance.now();
    try {
      const seconds = (now - this.knownAt) / 1000 + overlapSeconds;
      for (const tombstone of await this.options.store.revocations.recent(seconds)) this.heed(tombstone);
      this.knownAt &&= now;
    } catch (error) {
      this.options.logger.debug({ err: error }, 'The latest revoked tasks could not be read; they are read later.');
    }
  }

  private hear(delivery: Delivery): void {
    const revoke = readRevoke(delivery.body);
    if (revoke) this.heed(revoke);
    delivery.ack();
  }

  private heed({ taskId, run, terminate, light }: Tombstone): void {
    if (light) this.revoked.set(taskId, Math.max(run, this.revoked.get(taskId) ?? 0));
    if (terminate) this.options.terminate(taskId, run);
  }
}
