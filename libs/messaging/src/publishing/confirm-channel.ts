import type { ConfirmChannel as AmqpConfirmChannel, Message } from 'amqplib';
import { closeChannel } from '../connection/channel-closing.js';
import { ChannelFrames } from '../connection/channel-frames.js';
import { publishTagHeader } from '../connection/publish-tag.js';
import type { PendingPublish } from './pending-publish.js';
import { PublishError } from './publish-error.js';
import { PublishFrames } from './publish-frames.js';

const replaceAfterPublishes = 100_000;

/** What a channel tells its publisher. */
export interface ConfirmChannelOwner {
  settled(pending: PendingPublish, failure: PublishError | undefined): void;
  /** There is room again: confirms came in, or the socket drained. */
  roomAgain(): void;
  closed(channel: ConfirmChannel, error: Error | undefined): void;
}

/**
 * An open channel with confirms, and what was published on it but is not confirmed yet.
 *
 * It counts delivery tags itself and listens to the channel's own `ack` and `nack` events, so that a confirm of a thousand messages is one
 * call and not a thousand closures. What is published in one tick leaves as one piece.
 */
export class ConfirmChannel {
  private readonly unconfirmed = new Map<number, PendingPublish>();
  /** Given up on, and not confirmed since: when, by their tags. */
  private readonly expired = new Map<number, number>();
  private nextTag = 1;
  private draining = false;
  private open = true;
  private retired = false;
  private readonly frames: ChannelFrames;
  private readonly gathered: PublishFrames;
  private flushing = false;
  private error: Error | undefined;

  constructor(
    readonly channel: AmqpConfirmChannel,
    private readonly limits: { readonly confirmWindow: number; readonly replaceChannelSeconds: number },
    private readonly owner: ConfirmChannelOwner,
  ) {
    this.frames = new ChannelFrames(channel);
    this.gathered = new PublishFrames(this.frames.number, this.frames.mostBodyBytes);
    channel.on('ack', ({ deliveryTag, multiple }) => this.confirmed(deliveryTag, multiple, false));
    channel.on('nack', ({ deliveryTag, multiple }) => this.confirmed(deliveryTag, multiple, true));
    channel.on('return', (message) => this.returned(message));
    channel.on('drain', () => this.drained());
    channel.on('error', (error) => (this.error = error));
    channel.on('close', () => this.closed());
  }

  get hasRoom(): boolean {
    return this.open && !this.draining && this.unconfirmed.size < this.limits.confirmWindow;
  }

  /**
   * A confirm that did not come will hardly come any more on this channel: RabbitMQ may have lost track of what it handed to a
   * queue, and a new channel is a new start for it. And amqplib keeps a place for each publish since the oldest unconfirmed one.
   */
  get isWornOut(): boolean {
    const [oldest] = this.expired;
    if (!oldest) return false;
    const [tag, at] = oldest;
    const { replaceChannelSeconds } = this.limits;
    return this.nextTag - tag > replaceAfterPublishes || performance.now() - at > replaceChannelSeconds * 1000;
  }

  get unconfirmedCount(): number {
    return this.unconfirmed.size;
  }

  /** Writes it. Throws (and has written nothing) when it cannot be encoded. */
  send(pending: PendingPublish): void {
    const { message, properties } = pending;
    const tag = this.nextTag;
    if (message.mandatory) properties.headers[publishTagHeader] = tag;
    if (this.frames.usable && this.gathered.add(message, properties)) this.flushSoon();
    else this.sendByAmqplib(pending);
    this.nextTag += 1;
    this.unconfirmed.set(tag, pending);
  }

  private sendByAmqplib({ message, properties }: PendingPublish): void {
    this.flush();
    // False means "buffered, but stop": the message itself must not be sent again.
    if (!this.channel.publish(message.exchange, message.routingKey, message.body, properties)) this.draining = true;
  }

  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => this.flush());
  }

  /** What cannot be written any more is lost with the channel, whose close event tells. */
  private flush(): void {
    this.flushing = false;
    const frames = this.gathered.take();
    if (frames && this.frames.usable && !this.frames.write(frames)) this.draining = true;
  }

  /**
   * Gives up on what was sent before `sentBefore`. Its place in the window is free again: a queue without a quorum never confirms and must
   * not hold up all others; what is written but not on the socket yet is bounded by `drain`.
   */
  expire(sentBefore: number, secondsWaited: number): void {
    for (const [tag, pending] of this.unconfirmed) {
      if (pending.sentAt > sentBefore) break;
      this.unconfirmed.delete(tag);
      this.expired.set(tag, performance.now());
      this.owner.settled(pending, notConfirmed(secondsWaited));
    }
  }

  /** Closes it, once it is replaced and nothing on it is left to wait for. */
  retire(): void {
    if (this.retired) return;
    this.retired = true;
    void closeChannel(this.channel);
  }

  /** Its connection is gone; its close event came already, or comes and then changes nothing. */
  abandon(): void {
    this.closed();
  }

  private confirmed(tag: number, multiple: boolean, nacked: boolean): void {
    if (multiple) this.settleUpTo(tag, nacked);
    else this.settle(tag, nacked);
    this.owner.roomAgain();
  }

  private settleUpTo(lastTag: number, nacked: boolean): void {
    for (const tag of this.unconfirmed.keys()) {
      if (tag > lastTag) break;
      this.settle(tag, nacked);
    }
    for (const tag of this.expired.keys()) {
      if (tag > lastTag) break;
      this.expired.delete(tag);
    }
  }

  private settle(tag: number, nacked: boolean): void {
    const pending = this.unconfirmed.get(tag);
    if (!pending) return void this.expired.delete(tag);
    this.unconfirmed.delete(tag);
    this.owner.settled(
      pending,
      nacked || pending.returned !== undefined ? refusedByBroker(pending, nacked) : undefined,
    );
  }

  private returned(message: Message): void {
    const tag = message.properties.headers?.[publishTagHeader] as number;
    const pending = this.unconfirmed.get(tag);
    const { replyText } = message.fields as unknown as { replyText: string };
    if (pending) pending.returned = replyText;
  }

  private drained(): void {
    this.draining = false;
    this.owner.roomAgain();
  }

  private closed(): void {
    this.open = false;
    const lost = [...this.unconfirmed.values()];
    this.unconfirmed.clear();
    this.owner.closed(this, this.error);
    for (const pending of lost) this.owner.settled(pending, lostBeforeConfirm(this.error));
  }
}

function refusedByBroker({ message, returned }: PendingPublish, nacked: boolean): PublishError {
  const where = `exchange "${message.exchange}" with routing key "${message.routingKey}"`;
  if (nacked)
    return new PublishError(
      'nacked',
      `RabbitMQ refused the message to ${where}: a queue is full or cannot store it now.`,
    );
  return new PublishError(
    'returned',
    `No queue took the message to ${where} (${returned}): declare the queue and its binding.`,
  );
}

function notConfirmed(seconds: number): PublishError {
  return new PublishError(
    'timeout',
    `RabbitMQ did not confirm the message within ${seconds} s; it may have it or not.`,
    true,
  );
}

function lostBeforeConfirm(error: Error | undefined): PublishError {
  const cause = error ? error.message : 'the connection was lost';
  return new PublishError(
    'disconnected',
    `RabbitMQ did not confirm the message before its channel closed (${cause}); it may have it or not.`,
    true,
  );
}
