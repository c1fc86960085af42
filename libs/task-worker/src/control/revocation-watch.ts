import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';
import type { Logger } from '@mentorhub/service';
import { tombstoneSeconds, type LiveTombstone, type TaskRun, type TaskStore } from '@mentorhub/task-store';
import { readRevoke, revokeRoutingKey } from '@mentorhub/tasks/messages';
import { LightTombstones, mostTombstones } from './light-tombstones.js';

export interface RevocationWatchOptions {
  readonly broker: Broker;
  readonly store: Pick<TaskStore, 'revocations' | 'dataSource'>;
  readonly exchange: string;
  readonly worker: string;
  readonly logger: Logger;
  readonly running: {
    /** Ids of the tasks that run here. */
    readonly ids: readonly string[];
    /** Ends what runs of a task here. */
    terminate(taskId: string, run: number): void;
  };
  /** How many tombstones are kept in mind. Default {@link mostTombstones}. */
  readonly mostTombstones?: number;
}

const loadAgainMs = 1_000;
/** For a transaction that revokes and takes its time, and for the time that a broadcast would have taken. */
const overlapSeconds = 60;
const forgetEveryMs = 600_000;

/**
 * Which tasks this worker must not run, as far as no claim would tell it.
 *
 * 1. `start` binds the worker's own broadcast queue, then loads the live tombstones: what is revoked in between is in one
 *    of the two. Only when it resolves may the worker consume.
 * 2. After every loss of the broadcast queue the tombstones are loaded again, since broadcasts were missed; until they are, it asks
 *    PostgreSQL about each task. Whenever the queue is
 *    bound again, which is every few seconds, those since the time before: its binding may have been missing.
 * 3. Tombstones are forgotten when they expire. When there are more than it keeps, it asks PostgreSQL about each task.
 * 4. `stop` ends it.
 */
export class RevocationWatch {
  private readonly tombstones: LightTombstones;
  private readonly stopping = new AbortController();
  private consumer: Consumer | undefined;
  /** When the tombstones were last known here; undefined while they are being loaded. */
  private knownAt: number | undefined;
  private loads = 0;
  private forgetting: NodeJS.Timeout | undefined;

  constructor(private readonly options: RevocationWatchOptions) {
    this.tombstones = new LightTombstones(this.most);
  }

  /** False when it is sure, without asking anybody, that a task is not among them. */
  mayHave({ taskId, run }: TaskRun): boolean {
    return this.knownAt === undefined || this.tombstones.know(taskId, run) !== 'not revoked';
  }

  /** @throws what PostgreSQL throws, when it has to be asked. */
  async has(task: TaskRun): Promise<boolean> {
    const known = this.tombstones.know(task.taskId, task.run);
    if (known === 'revoked') return true;
    if (known === 'not revoked' && this.knownAt !== undefined) return false;
    const { revocations, dataSource } = this.options.store;
    return revocations.has(dataSource.manager, task);
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
    this.forgetting = setInterval(() => this.tombstones.forgetExpired(), forgetEveryMs).unref();
    await this.load();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('The worker stops.'));
    clearInterval(this.forgetting);
    await this.consumer?.close();
  }

  /** One that began before a further loss knows nothing of what was missed there. @throws {Error} it was stopped before. */
  private async load(): Promise<void> {
    const { signal } = this.stopping;
    this.knownAt = undefined;
    const load = (this.loads += 1);
    for (;;) {
      await this.consumer?.untilActive(signal);
      try {
        const since = performance.now();
        await this.read();
        if (load === this.loads) this.knownAt = since;
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
      await this.read(seconds);
      this.knownAt &&= now;
    } catch (error) {
      this.options.logger.debug({ err: error }, 'The latest revoked tasks could not be read; they are read later.');
    }
  }

  /** One more than fits, so that it is known when there are more. */
  private async read(withinSeconds?: number): Promise<void> {
    const { store, running } = this.options;
    const tombstones = await store.revocations.live(this.most + 1, running.ids, withinSeconds);
    for (const tombstone of tombstones) this.apply(tombstone);
  }

  private hear(delivery: Delivery): void {
    const revoke = readRevoke(delivery.body);
    if (revoke) this.apply({ ...revoke, secondsLeft: tombstoneSeconds });
    delivery.ack();
  }

  private apply({ taskId, run, terminate, light, secondsLeft }: LiveTombstone): void {
    if (light) this.tombstones.keep(taskId, run, secondsLeft);
    if (terminate) this.options.running.terminate(taskId, run);
  }

  private get most(): number {
    return this.options.mostTombstones ?? mostTombstones;
  }
}
