import { messagingMetrics } from '@mentorhub/metrics';
import type { BrokerConnection } from '../connection/broker-connection.js';
import { isClosed, replyCode } from '../connection/channel-closing.js';
import type { Logger } from '../connection/logger.js';
import { RecoveryLoop } from '../connection/recovery-loop.js';
import type { TopologyKeeper } from '../topology/topology-keeper.js';
import { ConfirmChannel, type ConfirmChannelOwner } from './confirm-channel.js';
import type { MessagePublisher } from './message-publisher.js';
import { messageProperties } from './message-properties.js';
import { largestBodyBytes, type OutgoingMessage } from './outgoing-message.js';
import { PendingPublish } from './pending-publish.js';
import { PublishError } from './publish-error.js';
import { unsendableHeader } from './sendable-headers.js';
import { endSendSpan, startSendSpan } from './send-span.js';
import { WaitingLine } from './waiting-line.js';

export interface PublishingLimits {
  /** Messages that are sent but not confirmed at once. Default 1000; more gains little. */
  confirmWindow: number;
  /** Messages that wait in line for the window. Default 10,000. */
  maxWaiting: number;
  /** Bytes of their bodies. Default 64 MiB. */
  maxWaitingBytes: number;
  /** How long one may wait in line, and then again for its confirm. Default 10. */
  confirmTimeoutSeconds: number;
  /** A channel is replaced on which a confirm has not come for so long after that. Default 60. */
  replaceChannelSeconds: number;
}

/**
 * Publishes on one channel with confirms.
 *
 * 1. `start`: whenever the connection is up, waits for the topology and opens the channel.
 * 2. `publish` writes at once while the window has room, else puts the message in line; confirms and drains move the line on.
 * 3. A channel that the server closes (a missing exchange) fails what it held and is opened anew; the connection stays.
 * 4. `close` takes nothing new, waits for what is outstanding (at most the confirm time-out), then fails the rest.
 */
export class ConfirmingPublisher implements MessagePublisher, ConfirmChannelOwner {
  private readonly waiting: WaitingLine;
  private readonly opening: RecoveryLoop;
  private channel: ConfirmChannel | undefined;
  /** Those that were replaced, until what was sent on them is settled. */
  private readonly replaced = new Set<ConfirmChannel>();
  private sweep: NodeJS.Timeout | undefined;
  private closing = false;
  private idle: (() => void) | undefined;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly topology: TopologyKeeper,
    private readonly limits: PublishingLimits,
    private readonly logger: Logger,
    private readonly onOpen: () => void,
  ) {
    this.waiting = new WaitingLine(limits.maxWaiting, limits.maxWaitingBytes);
    this.opening = new RecoveryLoop({
      isWanted: () => connection.current !== undefined && !this.channel,
      attempt: () => this.open(),
      onFailure: ({ message: reason }) =>
        logger.warn(
          { away: 'the publishing channel', reason },
          'The publishing channel could not be opened; trying again.',
        ),
    });
  }

  get isOpen(): boolean {
    return this.channel !== undefined;
  }

  get ready(): boolean {
    return this.isOpen && !this.connection.blocked;
  }

  get hasRoom(): boolean {
    return this.ready && this.waiting.isHalfEmpty;
  }

  get crowded(): boolean {
    return !this.waiting.isEmpty;
  }

  start(): void {
    this.connection.on('up', () => this.opening.wake());
    this.connection.on('down', () => {
      this.channel?.abandon();
      this.failWaiting('The connection to RabbitMQ was lost before the message was sent.');
    });
    this.connection.on('unblocked', () => this.roomAgain());
    const everyMs = Math.min(1000, Math.max(20, this.limits.confirmTimeoutSeconds * 100));
    this.sweep = setInterval(() => this.expire(), everyMs);
    this.sweep.unref();
  }

  publish(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const properties = messageProperties(message);
      const span = startSendSpan(message, properties.headers, this.connection.address);
      this.accept(new PendingPublish(message, properties, span, resolve, reject));
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.opening.stop();
    if (!this.channel) this.failWaiting('The publisher was closed before the message was sent.');
    await this.outstandingSettled();
    clearInterval(this.sweep);
  }

  settled(pending: PendingPublish, failure: PublishError | undefined): void {
    const destination = pending.message.exchange;
    const error_type = failure?.failure ?? '';
    const seconds = (performance.now() - pending.acceptedAt) / 1000;
    messagingMetrics.clientOperationDuration.observe({ operation: 'publish', destination, error_type }, seconds);
    messagingMetrics.sentMessages.inc({ destination, error_type });
    if (pending.span) endSendSpan(pending.span, failure);
    // A queue or a binding may be gone, which nothing else tells.
    if (failure?.failure === 'returned') this.topology.look();
    if (failure) pending.reject(failure);
    else pending.resolve();
  }

  roomAgain(): void {
    while (!this.waiting.isEmpty && this.canSend()) this.send(this.waiting.shift()!);
    if (this.idle && this.outstanding === 0) this.idle();
  }

  closed(channel: ConfirmChannel, error: Error | undefined): void {
    this.replaced.delete(channel);
    if (channel !== this.channel) return;
    this.channel = undefined;
    if (error && this.connection.current) this.closedByServer(error);
    if (this.closing) this.failWaiting('The publisher was closed before the message was sent.');
    if (this.idle && this.outstanding === 0) this.idle();
    this.opening.wake();
  }

  private get outstanding(): number {
    const channels = this.channel ? [this.channel, ...this.replaced] : [...this.replaced];
    return channels.reduce((sum, { unconfirmedCount }) => sum + unconfirmedCount, this.waiting.isEmpty ? 0 : 1);
  }

  private accept(pending: PendingPublish): void {
    if (this.closing) return this.settled(pending, new PublishError('disconnected', 'The publisher is closed.'));
    if (!this.connection.current) {
      return this.settled(
        pending,
        new PublishError('disconnected', 'There is no connection to RabbitMQ; try again when it is back.'),
      );
    }
    const misfit = misfitOf(pending);
    if (misfit) return this.settled(pending, misfit);
    if (this.waiting.isEmpty && this.canSend()) return this.send(pending);
    if (!this.waiting.add(pending)) {
      this.settled(
        pending,
        new PublishError('refused', 'Too many messages already wait to be published; try again later.'),
      );
    }
  }

  private canSend(): boolean {
    return this.channel !== undefined && this.channel.hasRoom && !this.connection.blocked;
  }

  private send(pending: PendingPublish): void {
    pending.sentAt = performance.now();
    try {
      this.channel!.send(pending);
    } catch (error) {
      this.settled(pending, notWritten(error as Error));
    }
  }

  private async open(): Promise<void> {
    await this.topology.inPlace();
    const channel = await this.connection.open().createConfirmChannel();
    if (isClosed(channel)) throw new Error('The channel was closed while it was opened.');
    this.channel = new ConfirmChannel(channel, this.limits, this);
    this.logger.debug({}, 'The publishing channel is open.');
    this.roomAgain();
    this.onOpen();
  }

  private closedByServer(error: Error): void {
    this.topology.doubt();
    messagingMetrics.channelClosed.inc({ reply_code: String(replyCode(error) ?? '') });
    this.logger.error(
      { away: 'the publishing channel', reason: error.message },
      'RabbitMQ closed the publishing channel; opening another.',
    );
  }

  private expire(): void {
    const seconds = this.limits.confirmTimeoutSeconds;
    const before = performance.now() - seconds * 1000;
    for (const channel of this.replaced) channel.expire(before, seconds);
    this.channel?.expire(before, seconds);
    this.replaceWornOut();
    while (this.waiting.first && this.waiting.first.acceptedAt <= before) {
      this.settled(
        this.waiting.shift()!,
        new PublishError('refused', `${this.whyNotSent()} for ${seconds} s; the message was not sent.`),
      );
    }
    this.roomAgain();
  }

  private whyNotSent(): string {
    if (this.channel) return 'RabbitMQ took no messages';
    return 'No channel to publish on could be opened, since exchanges or queues are missing or RabbitMQ does not answer,';
  }

  /** What waits for confirms goes on waiting there; the others need not wait with it. An alarm is no fault of a channel. */
  private replaceWornOut(): void {
    if (this.channel?.isWornOut && !this.connection.blocked && !this.closing) {
      this.replaced.add(this.channel);
      this.channel = undefined;
      this.opening.wake();
    }
    for (const channel of this.replaced) if (channel.unconfirmedCount === 0) channel.retire();
  }

  private failWaiting(why: string): void {
    for (let pending = this.waiting.shift(); pending; pending = this.waiting.shift()) {
      this.settled(pending, new PublishError('disconnected', why));
    }
  }

  /** Bounded by the sweep, which settles whatever stays too long. */
  private outstandingSettled(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => (this.idle = resolve));
  }
}

function misfitOf({ message, properties }: PendingPublish): PublishError | undefined {
  const header = unsendableHeader(properties.headers);
  if (header !== undefined)
    return unsendable(`The message cannot be sent as it is: its header "${header.slice(0, 255)}" does not fit AMQP.`);
  if (message.body.length <= largestBodyBytes) return undefined;
  return unsendable(
    `A message may have at most ${largestBodyBytes} bytes; keep larger data elsewhere and send a reference.`,
  );
}

/** Nothing was written. Either the message does not fit AMQP (64 KiB of headers, 255 bytes of a name), or the channel is being closed. */
function notWritten(error: Error): PublishError {
  if (error.name === 'IllegalOperationError')
    return new PublishError('disconnected', 'The connection to RabbitMQ is being closed.');
  return unsendable(`The message cannot be sent as it is: ${error.message}`);
}

const unsendable = (message: string): PublishError => new PublishError('refused', message, false, true);
