import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';
import { taskEventBatch } from '../messages/task-event-batch.js';
import { readEnd, type TaskEnd } from './task-end.js';

export interface EndEventsOptions {
  readonly broker: Broker;
  /** Where workers publish batches of task events. */
  readonly exchange: string;
  /** What this process is called among its replicas; the broker's pages show it in the queue's name. */
  readonly worker: string;
  /** How long the subscription outlives the last who listened, in seconds: the next one then need not wait for it. */
  readonly lingerSeconds: number;
  /** The tasks that somebody waits for. */
  readonly waited: { readonly size: number; keys(): Iterable<string> };
  readonly onEnd: (end: TaskEnd) => void;
  /** The subscription stands, for the first time or again: what ended before was not heard. */
  readonly onListening: () => void;
}

const prefetch = 100;
/** Beyond this many ids a batch is parsed as fast as it is searched. */
const mostSearched = 32;

/**
 * Hears of the ends of tasks, on a queue of this process's own.
 *
 * 1. `listen` subscribes, unless it has; it comes back by itself after every loss.
 * 2. `leave` ends the subscription some time after, unless somebody listens again before.
 * 3. `stop` ends it at once.
 *
 * What is missed while the subscription is away is for its owner to look up. To the broker this queue counts as one that
 * takes a batch, so a publisher does not notice the loss of the history's queue while somebody listens here; the history's
 * consumer does, and has it declared again.
 */
export class EndEvents {
  private consumer: Consumer | undefined;
  private lingering: NodeJS.Timeout | undefined;

  constructor(private readonly options: EndEventsOptions) {}

  listen(): void {
    clearTimeout(this.lingering);
    this.consumer ??= this.subscribe();
  }

  leave(): void {
    clearTimeout(this.lingering);
    this.lingering = setTimeout(() => this.stop(), this.options.lingerSeconds * 1000).unref();
  }

  stop(): void {
    clearTimeout(this.lingering);
    void this.consumer?.close();
    this.consumer = undefined;
  }

  private subscribe(): Consumer {
    const { broker, exchange, worker, onListening } = this.options;
    const announce = () => void consumer.untilActive().then(onListening, () => undefined);
    const consumer: Consumer = broker.consumeTemporary({
      name: `results.${worker}`,
      prefetch,
      bindings: [{ exchange, routingKey: taskEventBatch }],
      onDelivery: (delivery) => this.hear(delivery),
      onCancelled: announce,
    });
    announce();
    return consumer;
  }

  private hear(delivery: Delivery): void {
    if (this.mayConcern(delivery.body)) for (const end of endsIn(delivery.body)) this.options.onEnd(end);
    delivery.ack();
  }

  /** Every process that waits gets every batch, and hardly any concerns it: searching costs a fraction of parsing. */
  private mayConcern(body: Buffer): boolean {
    const { waited } = this.options;
    if (waited.size > mostSearched) return true;
    for (const id of waited.keys()) if (body.includes(id)) return true;
    return false;
  }
}

/** What cannot be read concerns nobody here: the history parks it. The others of its batch do not suffer for it. */
function endsIn(body: Buffer): TaskEnd[] {
  try {
    const batch: unknown = JSON.parse(body.toString());
    return Array.isArray(batch) ? batch.flatMap((event) => readEnd(event) ?? []) : [];
  } catch {
    return [];
  }
}
