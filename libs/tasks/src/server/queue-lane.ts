import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';

export interface QueueLaneOptions {
  readonly queue: string;
  /** Most deliveries of this queue that are under way in this process at once. */
  readonly concurrency: number;
  readonly process: (delivery: Delivery) => Promise<void>;
}

/**
 * One queue in this process: at most `concurrency` deliveries under way, as many again waiting here, the rest in the
 * broker.
 */
export class QueueLane {
  private readonly waiting: Delivery[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private consumer: Consumer | undefined;

  constructor(private readonly options: QueueLaneOptions) {}

  get queue(): string {
    return this.options.queue;
  }

  get active(): boolean {
    return this.consumer?.active ?? false;
  }

  start(broker: Broker): void {
    const { queue, concurrency } = this.options;
    this.consumer ??= broker.consume({
      queue,
      prefetch: 2 * concurrency,
      onDelivery: (delivery) => this.take(delivery),
    });
  }

  /** Takes no more, hands back what has not begun, and resolves when what has begun is over. */
  async stop(): Promise<void> {
    const cancelled = this.consumer?.cancel();
    // At once: what ends while the broker answers must not start what was waiting.
    for (const delivery of this.waiting.splice(0)) delivery.handBack();
    await cancelled;
    await Promise.all(this.underWay);
  }

  private take(delivery: Delivery): void {
    this.waiting.push(delivery);
    this.startNext();
  }

  private startNext(): void {
    while (this.underWay.size < this.options.concurrency) {
      const delivery = this.waiting.shift();
      if (!delivery) return;
      if (!delivery.channelOpen) continue; // the broker has given it to somebody else already
      const processing = this.options.process(delivery).finally(() => {
        this.underWay.delete(processing);
        this.startNext();
      });
      this.underWay.add(processing);
    }
  }
}
