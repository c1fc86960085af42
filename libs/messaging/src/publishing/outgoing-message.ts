/** A message to publish. It is always persistent. */
export interface OutgoingMessage {
  exchange: string;
  routingKey: string;
  /** At most 16 MiB, what RabbitMQ 4 takes. */
  body: Buffer;
  messageId?: string;
  type?: string;
  appId?: string;
  /** Sent in whole seconds. */
  timestamp?: Date;
  /** Default `application/json`. */
  contentType?: string;
  correlationId?: string;
  replyTo?: string;
  /**
   * Default 0, and always sent. RabbitMQ 4.3 hands out messages of quorum queues in strict order of it, and ranks one that has none with 4:
   * above everything else that says 0, as most producers do, until there is no such message left.
   */
  priority?: number;
  /**
   * Together at most 64 KiB. What steers the broker instead of informing the receiver is not sent: `x-death*`, `x-first-death-*`,
   * `x-last-death-*` (brokers below 4.0.1 drop a message as a cycle because of them), `x-delivery-count`, `x-acquired-count`, `CC` and `BCC`.
   */
  headers?: Record<string, unknown>;
  /** Default false. True: a message that no queue takes fails as `returned`. */
  mandatory?: boolean;
}

/** The largest body that every supported broker takes. A larger one would make the broker close the channel under all other publishes. */
export const largestBodyBytes = 16 * 1024 * 1024;
