import type { ConsumeMessage } from 'amqplib';
import { publishTagHeader } from '../connection/publish-tag.js';
import type { ReadProperties } from '../connection/read-properties.js';
import type { Acknowledger } from './acknowledger.js';
import type { Delivery } from './delivery.js';
import { orUndefined, wholeNumberHeader } from './header-values.js';

/** The last second that a `Date` can name. */
const lastSecond = 8_640_000_000_000;

/** A delivery over the message that amqplib decoded; bound to the channel it came from by its acknowledger. */
export class ReceivedDelivery implements Delivery {
  readonly headers: Record<string, unknown>;
  readonly deliveryCount: number;

  constructor(
    readonly queue: string,
    private readonly message: ConsumeMessage,
    private readonly acknowledger: Acknowledger,
  ) {
    this.headers = ownHeaders(message.properties.headers ?? {});
    this.deliveryCount = deliveryCountOf(this.headers);
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
    return seconds === undefined || seconds > lastSecond ? undefined : new Date(seconds * 1000);
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

  get headersFault(): string | undefined {
    return (this.message.properties as ReadProperties).headersFault;
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

/**
 * Up to 4.2 every delivery without an ack raises the first; from 4.3 on a hand-back and a consumer time-out raise the second alone. Absent
 * the first time.
 */
function deliveryCountOf(headers: Record<string, unknown>): number {
  const counts = ['x-delivery-count', 'x-acquired-count'].map((name) => wholeNumberHeader(headers, name, countRange));
  return Math.max(0, ...counts.map((count) => orUndefined(count) ?? 0));
}

const countRange = { least: 0, most: 2 ** 31 - 1 };

/** To amqplib a table by the name of `__proto__` is what the headers inherit from, and would be read as if it were headers. */
function ownHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.getPrototypeOf(headers) === Object.prototype ? headers : { ...headers };
}
