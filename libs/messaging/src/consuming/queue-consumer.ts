import { messagingMetrics } from '@mentorhub/metrics';
import type { Channel } from 'amqplib';
import type { BrokerConnection } from '../connection/broker-connection.js';
import { replyCode } from '../connection/channel-closing.js';
import type { Logger } from '../connection/logger.js';
import { RecoveryLoop } from '../connection/recovery-loop.js';
import type { TopologyKeeper } from '../topology/topology-keeper.js';
import type { Consumer, ConsumerOptions, QueueBinding } from './consumer.js';
import type { Delivery } from './delivery.js';
import { ConsumerCancelledError, SilentConsumerError, Subscription } from './subscription.js';

/** A queue that is not of the topology: its consumer declares it, binds it, and keeps it bound. */
export interface OwnQueue {
  declare(channel: Channel): Promise<string>;
  bindings: readonly QueueBinding[];
  onBoundAgain?(): void;
}

/**
 * Keeps one queue subscribed.
 *
 * 1. Whenever the connection is up: waits for the topology, opens a channel, subscribes.
 * 2. Ended by the server, or lost with its connection → doubts the topology, subscribes again on a new channel, at once and then with
 *    growing waits.
 * 3. Whenever the topology was looked at, a queue of its own is bound again: an exchange that was deleted took the bindings along.
 * 4. Whenever the topology was looked at, and RabbitMQ seems to have forgotten the consumer → subscribes again on a new channel.
 * 5. `cancel` stops receiving and coming back; `close` also closes the channel. Both are final.
 */
export class QueueConsumer implements Consumer {
  private readonly subscribing: RecoveryLoop;
  private readonly activations = new Set<() => void>();
  private readonly stopping = new AbortController();
  private readonly ending = Promise.withResolvers<void>();
  private subscription: Subscription | undefined;
  private prefetch: number;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly topology: TopologyKeeper,
    private readonly options: ConsumerOptions,
    private readonly logger: Logger,
    private readonly own?: OwnQueue,
  ) {
    requirePrefetch(options);
    this.prefetch = options.prefetch;
    this.subscribing = new RecoveryLoop({
      isWanted: () => connection.current !== undefined && !this.subscription?.active,
      attempt: () => this.subscribe(),
      onFailure: (error) => this.refusedByServer(error, 'Could not subscribe; trying again.'),
    });
    connection.on('up', this.wake);
    if (own) topology.on('inPlace', this.bindAgain);
    else topology.on('looked', this.looked);
    this.subscribing.wake();
  }

  get active(): boolean {
    return this.subscription?.active ?? false;
  }

  /** Resolves when it was closed, for whoever keeps a list of consumers. */
  get closed(): Promise<void> {
    return this.ending.promise;
  }

  async untilActive(signal?: AbortSignal): Promise<void> {
    const ended = signal ? AbortSignal.any([signal, this.stopping.signal]) : this.stopping.signal;
    ended.throwIfAborted();
    if (this.active) return;
    await new Promise<void>((resolve, reject) => {
      this.activations.add(resolve);
      ended.addEventListener('abort', () => reject(ended.reason as Error), { once: true });
    });
  }

  resize(prefetch: number): void {
    requirePrefetch({ ...this.options, prefetch });
    this.prefetch = prefetch;
    // Refused or lost: the channel is gone then, and the next subscription begins with the new number.
    void this.subscription?.resize(prefetch).catch(() => undefined);
  }

  async cancel(): Promise<void> {
    this.connection.off('up', this.wake);
    this.topology.off('inPlace', this.bindAgain);
    this.topology.off('looked', this.looked);
    this.stopping.abort(new Error(`The consumer of queue "${this.options.queue}" was cancelled.`));
    this.subscribing.stop();
    await this.subscription?.cancel();
  }

  async close(): Promise<void> {
    await this.cancel();
    await this.subscription?.close();
    this.ending.resolve();
  }

  private readonly wake = (): void => this.subscribing.wake();

  private readonly looked = (ready: ReadonlyMap<string, number>): void => {
    const count = ready.get(this.options.queue);
    if (count !== undefined) this.subscription?.looked(count);
  };

  private readonly bindAgain = (): void => {
    const { own } = this;
    const bound = this.subscription?.prepareAgain((channel, queue) => bindQueue(channel, queue, own!.bindings));
    // Refused or lost: the channel is gone then, and the next subscription binds.
    bound?.then(() => this.active && own?.onBoundAgain?.()).catch(() => undefined);
  };

  private async prepareQueue(channel: Channel): Promise<string> {
    const { own, options } = this;
    if (!own) return options.queue;
    const queue = await own.declare(channel);
    await bindQueue(channel, queue, own.bindings);
    return queue;
  }

  private async subscribe(): Promise<void> {
    await this.topology.inPlace();
    const channel = await this.connection.open().createChannel();
    const subscription = this.subscriptionOn(channel);
    this.subscription = subscription;
    // Cancelled while it waited: what the broker would send now is nobody's.
    if (this.stopping.signal.aborted) return subscription.close();
    await subscription.begin().catch(async (error: unknown) => {
      await subscription.close();
      throw error;
    });
    if (this.stopping.signal.aborted) return subscription.close();
    this.subscribed();
  }

  private subscriptionOn(channel: Channel): Subscription {
    const { queue } = this.options;
    return new Subscription(channel, {
      label: queue,
      prefetch: this.prefetch,
      queue: (opened) => this.prepareQueue(opened),
      onDelivery: (delivery) => this.deliver(delivery),
      onEnded: (error) => this.ended(error),
    });
  }

  private subscribed(): void {
    const { queue } = this.options;
    this.logger.info({ back: consumerOf(queue), queue, prefetch: this.prefetch }, 'Consuming.');
    for (const activated of this.activations) activated();
    this.activations.clear();
  }

  private deliver(delivery: Delivery): void {
    try {
      this.options.onDelivery(delivery);
    } catch (error) {
      const { queue, messageId } = delivery;
      this.logger.error(
        { queue, messageId, err: error },
        'The receiver of a delivery threw; the delivery stays unacked.',
      );
    }
  }

  private ended(error: Error | undefined): void {
    if (error instanceof SilentConsumerError) this.forgottenByServer(error);
    else if (error) this.refusedByServer(error, 'RabbitMQ ended the consumer; subscribing again.');
    this.options.onCancelled?.();
    this.subscribing.wake();
  }

  /** No reason to doubt the topology: its queue was seen just now. */
  private forgottenByServer(error: Error): void {
    this.tellLoss(error, 'silent', 'RabbitMQ has forgotten the consumer; subscribing again.');
  }

  private refusedByServer(error: Error, message: string): void {
    if (!aboutConsumerAlone.has(replyCode(error))) this.topology.doubt();
    this.tellLoss(error, error instanceof ConsumerCancelledError ? 'cancelled' : replyCode(error), message);
  }

  private tellLoss(error: Error, code: string | number | undefined, message: string): void {
    if (code) messagingMetrics.channelClosed.inc({ reply_code: String(code) });
    const { queue } = this.options;
    this.logger.warn({ away: consumerOf(queue), queue, reason: error.message }, message);
  }
}

async function bindQueue(channel: Channel, queue: string, bindings: readonly QueueBinding[]): Promise<void> {
  for (const { exchange, routingKey } of bindings) await channel.bindQueue(queue, exchange, routingKey);
}

/** No right to do so; unacked for longer than the broker's consumer time-out. */
const aboutConsumerAlone: ReadonlySet<number | undefined> = new Set([403, 406]);

const consumerOf = (queue: string): string => `the consumer of queue ${queue}`;

/** AMQP's own meaning of 0 is "without limit", which takes a whole queue into memory. */
function requirePrefetch({ queue, prefetch }: ConsumerOptions): void {
  if (Number.isInteger(prefetch) && prefetch >= 1 && prefetch <= 65_535) return;
  throw new RangeError(`The prefetch of queue "${queue}" must be a whole number from 1 to 65535, not ${prefetch}.`);
}
