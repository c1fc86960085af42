import { messagingMetrics } from '@mentorhub/metrics';
import type { Channel, ConsumeMessage } from 'amqplib';
import { closeChannel } from '../connection/channel-closing.js';
import { settledWithin } from '../connection/settled-within.js';
import { Acknowledger } from './acknowledger.js';
import type { Delivery } from './delivery.js';
import { ReceivedDelivery } from './received-delivery.js';
import { Silence } from './silence.js';

const cancelWithinSeconds = 2;
const takeAcksWithinSeconds = 2;

/** RabbitMQ's `quorum_commands_soft_limit`. */
const acksPassedOnAtOnce = 32;

/** Much longer than a queue takes to be deleted. */
const pauseAfterCancelMs = 500;

export interface SubscriptionOptions {
  /** The queue as deliveries and metrics name it. */
  label: string;
  prefetch: number;
  /** Prepares the channel (declares a temporary queue) and names the queue to consume. */
  queue(channel: Channel): Promise<string>;
  onDelivery(delivery: Delivery): void;
  /** The server ended it, or its channel is gone, after it had begun. Called once, and not when it was closed from here. */
  onEnded(error: Error | undefined): void;
}

/** The broker ended the consumer, not its channel: its queue is gone, or from RabbitMQ 4.3 on its time is over. */
export class ConsumerCancelledError extends Error {
  constructor(queue: string) {
    super(`RabbitMQ cancelled the consumer of queue "${queue}".`);
  }
}

/**
 * RabbitMQ has forgotten the consumer: when its queue is deleted and made again before its channel was told, RabbitMQ 3.10 takes it
 * over to the new queue, and drops what that delivers.
 */
export class SilentConsumerError extends Error {
  constructor(queue: string) {
    super(`RabbitMQ delivers nothing of queue "${queue}", although messages are ready and there is room for them.`);
  }
}

/** One consumer tag on one channel of its own, from its opening to its end; it does not come back. */
export class Subscription {
  private readonly acknowledger: Acknowledger;
  private consumerTag: string | undefined;
  private queue = '';
  private prefetch: number;
  private consumingWith = 0;
  private resizing: Promise<void> = Promise.resolve();
  private error: Error | undefined;
  private ended = false;
  private stopped = false;
  private uncounted = 0;
  private receivedCount = 0;
  private readonly silence = new Silence();
  private cancelling: Promise<void> | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly options: SubscriptionOptions,
  ) {
    this.acknowledger = new Acknowledger(channel);
    this.prefetch = options.prefetch;
    channel.on('error', (error) => (this.error = error));
    channel.once('close', () => this.end());
  }

  get active(): boolean {
    return this.consumerTag !== undefined && !this.ended && !this.stopped;
  }

  /** Rejects when the server refuses, or when it ended in the very moment. */
  async begin(): Promise<void> {
    this.queue = await this.options.queue(this.channel);
    const consumerTag = await this.consume();
    if (this.ended) throw this.error ?? new Error('The subscription was ended at once.');
    this.consumerTag = consumerTag;
    await this.resize(this.prefetch);
  }

  /**
   * Lets another number of deliveries be unacked at once. A prefetch belongs to a consumer from its beginning, so there
   * is a new one on the same channel: what is unacked stays, and counts no longer.
   */
  resize(prefetch: number): Promise<void> {
    this.prefetch = prefetch;
    this.resizing = this.resizing.then(() => this.replaceConsumer());
    return this.resizing;
  }

  /** Receives nothing more; what was received can still be acked. */
  cancel(): Promise<void> {
    this.stopped = true;
    this.cancelling ??= this.sendCancel();
    return this.cancelling;
  }

  /** Does something with its queue on its own channel, the only one that may touch an exclusive queue. */
  async prepareAgain(prepare: (channel: Channel, queue: string) => Promise<void>): Promise<void> {
    if (this.active) await prepare(this.channel, this.queue);
  }

  /** Its queue was looked at: so many messages are ready in it. Ends the subscription when it should long have got one of them. */
  looked(ready: number): void {
    if (!this.active) return;
    const { receivedCount: received, acknowledger } = this;
    const prefetch = Math.min(this.prefetch, this.consumingWith);
    if (!this.silence.lasts({ ready, received, held: acknowledger.held, prefetch }, performance.now())) return;
    this.giveUp(new SilentConsumerError(this.options.label));
  }

  async close(): Promise<void> {
    this.stopped = true;
    this.acknowledger.flush();
    if (!this.acknowledger.channelOpen) return;
    this.acknowledger.shut();
    await this.untilAcksAreTaken();
    await closeChannel(this.channel);
  }

  /**
   * RabbitMQ keeps back acks of a quorum queue while more than 32 of them are on their way to it, and forgets those that it
   * still keeps when the channel closes. A `get` is answered by the queue itself, after those before it, which lets them go;
   * the message that it may bring goes back with the channel. Only when there are so many: while a queue is being deleted,
   * RabbitMQ 4.3 closes the whole connection for a `get`.
   */
  private async untilAcksAreTaken(): Promise<void> {
    if (this.acknowledger.underWay <= acksPassedOnAtOnce) return;
    await settledWithin(takeAcksWithinSeconds, this.channel.get(this.queue));
  }

  /** Not before it has begun: deliveries, and with them a wish for more, come before the server's answer. */
  private async replaceConsumer(): Promise<void> {
    const former = this.consumerTag;
    if (former === undefined || !this.active || this.prefetch === this.consumingWith) return;
    this.consumerTag = await this.consume();
    await this.channel.cancel(former);
    if (this.stopped) await this.channel.cancel(this.consumerTag);
  }

  private async consume(): Promise<string> {
    this.consumingWith = this.prefetch;
    await this.channel.prefetch(this.prefetch);
    return (await this.channel.consume(this.queue, (message) => this.received(message))).consumerTag;
  }

  private async sendCancel(): Promise<void> {
    if (this.consumerTag === undefined || this.ended) return;
    this.acknowledger.flush();
    const answer = this.channel.cancel(this.consumerTag);
    // The queue answers, after the acks before it.
    this.acknowledger.countAnew();
    await settledWithin(cancelWithinSeconds, answer);
  }

  private received(message: ConsumeMessage | null): void {
    if (!message) return this.cancelledByServer();
    const tag = message.fields.deliveryTag;
    this.receivedCount += 1;
    this.acknowledger.delivered(tag);
    if (this.stopped) return this.acknowledger.handBack(tag);
    this.options.onDelivery(new ReceivedDelivery(this.options.label, message, this.acknowledger));
    this.count();
  }

  /** Counted together with the others of its tick: the counter's labels cost as much as the delivery itself. */
  private count(): void {
    if (this.uncounted++ > 0) return;
    setImmediate(() => {
      messagingMetrics.consumedMessages.inc({ destination: this.options.label, error_type: '' }, this.uncounted);
      this.uncounted = 0;
    });
  }

  /**
   * The queue is being deleted, or the consumer ran into the broker's consumer time-out. What is still unacked goes back with
   * the channel: the next subscription has one of its own. It has to wait a moment, since RabbitMQ 4.3 closes the whole
   * connection for a `consume` of a queue that is being deleted, and goes on delivering to a consumer that it has cancelled.
   */
  private cancelledByServer(): void {
    if (!this.ended) this.giveUp(new ConsumerCancelledError(this.options.label));
  }

  private giveUp(error: Error): void {
    this.ended = true;
    this.error ??= error;
    this.acknowledger.flush();
    this.acknowledger.shut();
    void closeChannel(this.channel);
    setTimeout(() => this.tellEnd(), pauseAfterCancelMs).unref();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.tellEnd();
  }

  private tellEnd(): void {
    if (this.consumerTag !== undefined && !this.stopped) this.options.onEnded(this.error);
  }
}
