import type { ConsumeMessage } from 'amqplib';
import { publishTagHeader } from '../publishing/message-properties.js';
import type { Acknowledger } from './acknowledger.js';
import type { Delivery } from './delivery.js';

/** A delivery over the message that amqplib decoded; bound to the channel it came from by its acknowledger. */
export class ReceivedDelivery implements Delivery {
  readonly headers: Record<string, unknown>;

  constructor(
    readonly queue: string,
    private readonly message: ConsumeMessage,
    private readonly acknowledger: Acknowledger,
  ) {
    this.headers = message.properties.headers ?? {};
    if (publishTagHeader in this.headers) delete this.headers[publishTagHeader];
  }

  get body(): Buffer {
    return this.message.content;
  }

  get messageId(): string | undefined {
    return this.message.properties.messageId as string | undefined;
  }

  get type(): string | undefined {
    return this.message.properties.type as string | undefined;
  }

  get appId(): string | undefined {
    return this.message.properties.appId as string | undefined;
  }

  get timestamp(): Date | undefined {
    const seconds = this.message.properties.timestamp as number | undefined;
    return seconds === undefined ? undefined : new Date(seconds * 1000);
  }

  get contentType(): string | undefined {
    return this.message.properties.contentType as string | undefined;
  }

  get correlationId(): string | undefined {
    return this.message.properties.correlationId as string | undefined;
  }

  get replyTo(): string | undefined {
    return this.message.properties.replyTo as string | undefined;
  }

  get priority(): number | undefined {
    return this.message.properties.priority as number | undefined;
  }

  get exchange(): string {
    return this.message.fields.exchange;
  }

  get routingKey(): string {
    return this.message.fields.routingKey;
  }

  get redelivered(): boolean {
    return this.message.fields.redelivered;
  }

  get deliveryCount(): number {
    const count = this.headers['x-delivery-count'];
    return typeof count === 'number' ? count : 0;
  }

  get channelOpen(): boolean {
    return this.acknowledger.channelOpen;
  }

  ack(): void {
    this.acknowledger.ack(this.message.fields.deliveryTag);
  }

  handBack(): void {
    this.acknowledger.handBack(this.message.fields.deliveryTag);
  }
}
