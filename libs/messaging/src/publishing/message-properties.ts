import type { Options } from 'amqplib';
import { publishTagHeader } from '../connection/publish-tag.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { unsendableHeader } from './sendable-headers.js';

/**
 * Whether RabbitMQ puts this header on a message, to say what became of it in a queue. It is no part of what was sent, and
 * one that is sent again would tell of another message. (`x-acquired-count` came with RabbitMQ 4.3.)
 */
export const isBrokerHeader = (name: string): boolean =>
  /^x-(death|first-death-|last-death-|opt-|(delivery|acquired)-count$)/.test(name);

/** The AMQP properties of a message, with headers of its own that the caller may add to. */
export function messageProperties(message: OutgoingMessage): Options.Publish & { headers: Record<string, unknown> } {
  return {
    messageId: message.messageId,
    type: message.type,
    appId: message.appId,
    timestamp: message.timestamp && Math.floor(message.timestamp.getTime() / 1000),
    contentType: message.contentType ?? 'application/json',
    correlationId: message.correlationId,
    replyTo: message.replyTo,
    priority: message.priority ?? 0,
    mandatory: message.mandatory,
    persistent: true,
    headers: passableHeaders(message.headers),
  };
}

/** The headers of a message as it is sent with these; undefined when it cannot be. */
export function headersAsSent(given: Record<string, unknown>): Record<string, unknown> | undefined {
  const headers = passableHeaders(given);
  return unsendableHeader(headers) === undefined ? headers : undefined;
}

function passableHeaders(given: Record<string, unknown> | undefined): Record<string, unknown> {
  const headers: Record<string, unknown> = {};
  for (const name in given) if (isPassable(name)) headers[name] = given[name];
  return headers;
}

function isPassable(name: string): boolean {
  const first = name.charCodeAt(0);
  if (first === 0x78) return !isBrokerHeader(name) && name !== publishTagHeader;
  return name !== 'CC' && name !== 'BCC';
}
