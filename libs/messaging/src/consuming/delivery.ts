/** A message as it came from a queue. Nothing acks it but its receiver. */
export interface Delivery {
  readonly queue: string;
  readonly body: Buffer;
  readonly messageId?: string;
  readonly type?: string;
  readonly appId?: string;
  /** Absent also when it is beyond all dates. */
  readonly timestamp?: Date;
  readonly contentType?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly priority?: number;
  /** As they came: whoever sent the message chose their names and types. Read them with `textHeader` and `wholeNumberHeader`. */
  readonly headers: Record<string, unknown>;
  /** Why its headers could not be read, as a sentence; there are none then. */
  readonly headersFault?: string | undefined;
  /** The exchange and the key of the last hop: after a delay these are the ladder's. Dispatch on `type`. */
  readonly exchange: string;
  readonly routingKey: string;
  /** It may have been delivered before. */
  readonly redelivered: boolean;
  /**
   * How often it came back to the queue with a lost channel or connection before; 0 the first time. Counts deliveries, not starts of
   * work. RabbitMQ before 4.3 also counts those that were handed back.
   */
  readonly deliveryCount: number;
  /**
   * Done: the broker may forget it. Acks of one tick go out together. Idempotent. When the delivery's channel is gone it does nothing:
   * the broker delivers the message again, to anyone.
   */
  ack(): void;
  /** Gives it back unworked, for another consumer; only for work that was never started. Idempotent, and nothing after `ack`. */
  handBack(): void;
  /** False once the channel is gone: an ack would have no effect any more. */
  readonly channelOpen: boolean;
}
