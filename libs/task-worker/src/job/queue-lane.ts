import type { Broker, Consumer, Delivery } from '@mentorhub/messaging';
import { Prefetch } from './prefetch.js';

/** Waits without a place in the concurrency of the queue; the place is taken again before it resolves. */
export type WaitWithoutPlace = <T>(wait: Promise<T>) => Promise<T>;

export interface QueueLaneOptions {
  readonly queue: string;
  /** Most deliveries of this queue that run in this process at once. */
  readonly concurrency: number;
  readonly process: (delivery: Delivery, waitWithoutPlace: WaitWithoutPlace) => Promise<void>;
  /** False while nothing may be started; {@link QueueLane.resume} is called when that is over. */
  readonly mayStart: () => boolean;
}

/**
 * One queue in this process: at most `concurrency` deliveries run, some more wait here, the rest in the broker. How many
 * are fetched ahead follows from how fast they are done, see {@link Prefetch}.
 */
export class QueueLane {
  private readonly waiting: Delivery[] = [];
  /** Those that waited without a place and want their place back; they go first. */
  private readonly returning: (() => void)[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private running = 0;
  private stopped = false;
  private starting = false;
  private readonly waitingWithout = { count: 0, bytes: 0 };
  private readonly prefetch: Prefetch;
  private consumer: Consumer | undefined;

  constructor(private readonly options: QueueLaneOptions) {
    this.prefetch = new Prefetch(options.concurrency);
  }

  get queue(): string {
    return this.options.queue;
  }

  get active(): boolean {
    return this.consumer?.active ?? false;
  }

  /** True, or why nothing comes from the queue. */
  get health(): true | string {
    if (this.active) return true;
    return `This process has no consumer on the queue "${this.queue}": RabbitMQ is away or the queue is gone. It subscribes again by itself.`;
  }

  start(broker: Broker): void {
    this.consumer ??= broker.consume({
      queue: this.queue,
      prefetch: this.prefetch.current,
      onDelivery: (delivery) => this.take(delivery),
    });
  }

  /** Takes no more, hands back what has not begun, and resolves when what has begun is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    const cancelled = this.consumer?.cancel();
    // At once: what ends while the broker answers must not start what was waiting.
    for (const delivery of this.waiting.splice(0)) delivery.handBack();
    await cancelled;
    await Promise.all(this.underWay);
  }

  /** Starts what had to wait. */
  resume(): void {
    this.startNext();
  }

  private take(delivery: Delivery): void {
    if (this.stopped) return delivery.handBack();
    // What came before over a connection that is lost comes again; while nothing starts, it would pile up.
    if (this.waiting[0]?.channelOpen === false) this.forgetLost();
    this.waiting.push(delivery);
    this.startNext();
  }

  private forgetLost(): void {
    const left = this.waiting.splice(0).filter(({ channelOpen }) => channelOpen);
    this.waiting.push(...left);
  }

  /** What starts may wait without its place at once, so that the next one starts: in this loop, not one within the other. */
  private startNext(): void {
    if (this.starting) return;
    this.starting = true;
    try {
      while (this.running < this.options.concurrency && this.startOne());
    } finally {
      this.starting = false;
    }
  }

  private startOne(): boolean {
    const back = this.returning.shift();
    if (!back) return this.startWaiting();
    this.running += 1;
    back();
    return true;
  }

  private startWaiting(): boolean {
    if (!this.options.mayStart()) return false;
    const delivery = this.waiting.shift();
    if (!delivery) return false;
    if (!delivery.channelOpen) return true; // the broker has given it to somebody else already
    this.running += 1;
    const processing = this.options
      .process(delivery, (wait) => this.waitWithoutPlace(delivery, wait))
      .finally(() => {
        this.running -= 1;
        this.underWay.delete(processing);
        this.resize(this.prefetch.done(delivery.body.length, performance.now(), this.waiting.length));
        this.startNext();
      });
    this.underWay.add(processing);
    return true;
  }

  private async waitWithoutPlace<T>({ body }: Delivery, wait: Promise<T>): Promise<T> {
    this.running -= 1;
    try {
      this.countWaiting(1, body.length);
      this.startNext();
      return await wait;
    } finally {
      this.countWaiting(-1, -body.length);
      await this.placeAgain();
    }
  }

  private countWaiting(count: number, bytes: number): void {
    this.waitingWithout.count += count;
    this.waitingWithout.bytes += bytes;
    const { count: others, bytes: theirs } = this.waitingWithout;
    this.resize(this.prefetch.waitWithoutPlace(others, theirs, this.waiting.length));
  }

  private resize(prefetch: number | undefined): void {
    if (prefetch !== undefined) this.consumer?.resize(prefetch);
  }

  private placeAgain(): Promise<void> {
    return new Promise((resolve) => {
      this.returning.push(resolve);
      this.startNext();
    });
  }
}
