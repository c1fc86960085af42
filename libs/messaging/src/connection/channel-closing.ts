import { once } from 'node:events';
import type { Channel } from 'amqplib';
import { settledWithin } from './settled-within.js';

const closeWithinSeconds = 2;

/**
 * Closes a channel and waits until it is closed, within a bound. Never rejects: amqplib's own promise pends for ever when the connection
 * dies in the middle, and rejects when the channel is closed already.
 */
export function closeChannel(channel: Channel): Promise<void> {
  const closed = once(channel, 'close');
  closed.catch(() => undefined);
  return settledWithin(closeWithinSeconds, Promise.race([closed, channel.close()]));
}

/**
 * Whether a channel or a connection has been closed already. amqplib hands it out also when its close was read together with the
 * answer that opened it, and no event tells of it any more.
 */
export const isClosed = (opened: object): boolean => Object.hasOwn(opened, 'sendMessage');

/** The reply code with which the server closed a channel or refused an operation, such as 404. */
export function replyCode(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'number' ? code : undefined;
}
