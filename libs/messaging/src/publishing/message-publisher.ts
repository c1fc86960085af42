import type { OutgoingMessage } from './outgoing-message.js';

/** Publishes with confirms. */
export interface MessagePublisher {
  /**
   * Resolves once the broker has confirmed the message (for a quorum queue: once a majority has it on disk), rejects with PublishError.
   * Call it without waiting for the one before: up to `confirmWindow` messages are on their way at once, more wait in line within bounds.
   *
   * Both stages are bounded by `confirmTimeoutSeconds`: one that still waits in line then fails as `refused` (never sent), one that is
   * sent but not confirmed as `timeout`. When the connection is lost, all that is outstanding fails as `disconnected` and is not sent
   * again: the broker may have it or not, so publish it again with the same `messageId` and let the receiver deduplicate. While there
   * is no connection it fails as `disconnected` at once; nothing is buffered. The body must not be changed before it settles.
   *
   * @example
   * await broker.publisher.publish({ exchange: 'tasks', routingKey: 'email.email.send', body, messageId: id, mandatory: true });
   */
  publish(message: OutgoingMessage): Promise<void>;

  /** Connected, its channel open, and not blocked by the broker. */
  readonly ready: boolean;

  /** Ready, and its line is at most half full: who can wait with a message should, while it is not. */
  readonly hasRoom: boolean;

  /** Messages wait in its line already: how long another would is not known. */
  readonly crowded: boolean;
}
