import type { Delivery } from './delivery.js';

export interface ConsumerOptions {
  queue: string;
  /** Deliveries that may be unacked at once, 1 to 65535; anything else throws RangeError. */
  prefetch: number;
  /**
   * Called for each message, synchronously as it arrives. It must not throw: if it does, that is logged as an error and the delivery stays
   * unacked, occupying one place of the prefetch until the channel closes (handing it back would loop).
   */
  onDelivery(delivery: Delivery): void;
  /** Called when the broker ended the subscription (queue deleted, channel closed, connection lost); it comes back by itself. */
  onCancelled?(): void;
}

/** A consumer of a queue of its own, which lives as long as its connection: for broadcasts and replies. */
export interface TemporaryConsumerOptions extends Omit<ConsumerOptions, 'queue'> {
  /** The beginning of the queue's name, which the broker shows; a random part is added for each subscription. */
  name: string;
  /** What the queue receives. */
  bindings: QueueBinding[];
  /**
   * Called each time after its bindings were put in place again under a subscription that stands. They may have been missing,
   * which the broker does not tell: what was sent meanwhile was then not heard.
   */
  onBoundAgain?(): void;
}

/** From where a queue of one's own receives, and what. */
export interface QueueBinding {
  exchange: string;
  routingKey: string;
}

/** A consumer of a queue that lives as long as anybody consumes it: for calls, which are of no use later. */
export interface SharedConsumerOptions extends ConsumerOptions {
  /** What the queue receives. */
  bindings: QueueBinding[];
  /** How long a message may wait in it, in seconds; then it is dropped. */
  waitSeconds: number;
  /** How many messages may wait; further ones are nacked. */
  mostWaiting: number;
}

/** A subscription that comes back by itself after every loss, until it is cancelled. */
export interface Consumer {
  /** The broker has confirmed the subscription, and it stands. */
  readonly active: boolean;
  /** Resolves when `active`; rejects when the signal fires or the consumer is cancelled before. */
  untilActive(signal?: AbortSignal): Promise<void>;
  /**
   * Changes how many deliveries may be unacked at once, now and after every loss. Those that are unacked now do not count
   * for the new number. Does nothing while it is not active but to remember it.
   */
  resize(prefetch: number): void;
  /**
   * Stops receiving, for good: nothing comes to `onDelivery` any more, what the broker had under way is handed back at once, and no
   * subscription is made again. What was delivered before can still be acked. Idempotent.
   */
  cancel(): Promise<void>;
  /** Cancels and closes the channel: what is not acked goes back to the queue. Idempotent. */
  close(): Promise<void>;
}
