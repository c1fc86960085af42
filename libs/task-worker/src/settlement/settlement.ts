import { randomUUIDv7 } from 'node:crypto';
import type { Delivery, MessagePublisher } from '@mentorhub/messaging';
import { settlementMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import type { TaskEvent, TaskStore } from '@mentorhub/task-store';
import { taskEventBatch } from '@mentorhub/tasks/messages';

export interface SettlementOptions {
  readonly publisher: MessagePublisher;
  readonly store: Pick<TaskStore, 'publishLater'>;
  /** Where batches of task events go. */
  readonly exchange: string;
  readonly logger: Logger;
  /** True when no handler runs in this process, so that waiting for more outcomes gains nothing. */
  readonly idle: () => boolean;
}

interface Settled {
  readonly delivery: Delivery | undefined;
  /** The event's JSON; undefined when there is nothing to tell. */
  readonly event: string | undefined;
}

interface BatchMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly type: string;
  readonly messageId: string;
  readonly body: Buffer;
  /** An outcome that no queue takes would be lost. */
  readonly mandatory: true;
}

const longestWaitMs = 15;
const largestBatch = 500;
const largestBatchBytes = 1 << 20;
const tryAgainMs = 1_000;

/**
 * Settles outcomes in groups.
 *
 * 1. Outcomes gather until 15 ms have passed, 500 are there, they make 1 MiB, or nothing runs any more and no group is on
 *    its way: a busy process so settles in groups of what ends during one confirm, an idle one at once.
 * 2. Their events are published as one message and its confirm awaited; when the broker does not take it, it is written
 *    to PostgreSQL, from where the relay publishes it.
 * 3. Only then the deliveries are acked. Several groups may be on their way at once.
 */
export class Settlement {
  private gathered: Settled[] = [];
  private gatheredBytes = 0;
  private oldest = 0;
  private timer: NodeJS.Timeout | undefined;
  private lookedAtIdle = false;
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: SettlementOptions) {}

  /** Takes one outcome. With a delivery, it is acked once the event is durable. */
  add(delivery: Delivery | undefined, event: TaskEvent | undefined): void {
    const json = event && JSON.stringify(event);
    if (this.gathered.length === 0) this.oldest = performance.now();
    this.gathered.push({ delivery, event: json });
    this.gatheredBytes += json?.length ?? 0;
    if (this.gathered.length >= largestBatch || this.gatheredBytes >= largestBatchBytes) return this.flush();
    this.timer ??= setTimeout(() => this.flush(), longestWaitMs);
    this.flushWhenIdle();
  }

  /** Settles what is gathered and resolves when all of it is durable and acked. */
  async drain(): Promise<void> {
    this.flush();
    await Promise.all(this.underWay);
  }

  /** The handler of this outcome may still count as running, so look once the current tick is over. */
  private flushWhenIdle(): void {
    if (this.lookedAtIdle) return;
    this.lookedAtIdle = true;
    setImmediate(() => {
      this.lookedAtIdle = false;
      if (this.options.idle() && this.underWay.size === 0) this.flush();
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.gathered.length === 0) return;
    const group = this.gathered;
    this.gathered = [];
    this.gatheredBytes = 0;
    const settling = this.settle(group, this.oldest).finally(() => {
      this.underWay.delete(settling);
      this.flushWhenIdle();
    });
    this.underWay.add(settling);
  }

  private async settle(group: Settled[], since: number): Promise<void> {
    const events = group.flatMap(({ event }) => event ?? []);
    if (events.length > 0) await this.makeDurable(Buffer.from(`[${events.join(',')}]`));
    for (const { delivery } of group) delivery?.ack();
    settlementMetrics.batchSize.observe(group.length);
    settlementMetrics.delay.observe((performance.now() - since) / 1000);
  }

  private async makeDurable(body: Buffer): Promise<void> {
    const message: BatchMessage = {
      exchange: this.options.exchange,
      routingKey: taskEventBatch,
      type: taskEventBatch,
      messageId: randomUUIDv7(),
      body,
      mandatory: true,
    };
    const { publisher } = this.options;
    // Waiting for a confirm time-out with every group would bring a worker nearly to a halt for as long as an alarm lasts.
    if (!publisher.ready) return this.keepInDatabase(message);
    try {
      await publisher.publish(message);
    } catch (error) {
      this.options.logger.warn(
        { err: error },
        'The broker did not take a group of outcomes; it is kept in PostgreSQL.',
      );
      await this.keepInDatabase(message);
    }
  }

  private async keepInDatabase(message: BatchMessage): Promise<void> {
    const { exchange, routingKey, type: name, messageId: id, body, mandatory } = message;
    for (;;) {
      try {
        return await this.options.store.publishLater([
          { id, exchange, routingKey, name, body, mandatory, headers: {} },
        ]);
      } catch (error) {
        this.options.logger.warn(
          { err: error },
          'PostgreSQL did not take a group of outcomes either; trying again, nothing is acked.',
        );
        await new Promise((resolve) => setTimeout(resolve, tryAgainMs));
        if (await this.publishedMeanwhile(message)) return;
      }
    }
  }

  private publishedMeanwhile(message: BatchMessage): Promise<boolean> {
    return this.options.publisher.publish(message).then(
      () => true,
      () => false,
    );
  }
}
