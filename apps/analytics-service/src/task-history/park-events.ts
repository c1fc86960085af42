import { exchanges } from '@mentorhub/contracts';
import type { Delivery, OutgoingMessage } from '@mentorhub/messaging';
import { taskHeaders, type ParkedEnvelope } from '@mentorhub/task-store';

export type ParkReason = 'undecodable' | 'refused';
export const parkReasons: readonly ParkReason[] = ['undecodable', 'refused'];

const longestMessage = 4_000;
const longestStack = 8_000;
/** With the envelope, more than this would pass what AMQP allows for all headers. */
const mostHeaderBytes = 32_000;

/** The message that parks `body`, a part of what `delivery` brought, for a person to look at. */
export function parkedEvents(
  delivery: Delivery,
  part: { readonly body: Buffer; readonly reason: ParkReason; readonly error: Error },
  worker: string,
): OutgoingMessage {
  const { queue, headers, messageId, type, contentType } = delivery;
  const tooLarge = JSON.stringify(headers).length > mostHeaderBytes;
  return {
    exchange: exchanges.deadLetters,
    routingKey: queue,
    body: part.body,
    ...(messageId && { messageId }),
    ...(type && { type }),
    ...(contentType && { contentType }),
    timestamp: new Date(),
    mandatory: true,
    headers: {
      ...(tooLarge ? {} : headers),
      [taskHeaders.deadLetter]: JSON.stringify(envelope(queue, part, worker)),
    },
  };
}

function envelope(
  queue: string,
  { reason, error }: { reason: ParkReason; error: Error },
  worker: string,
): ParkedEnvelope {
  const { name, message, stack } = error;
  return {
    reason,
    error: { name, message: message.slice(0, longestMessage), ...(stack && { stack: stack.slice(0, longestStack) }) },
    queue,
    worker,
    at: new Date().toISOString(),
  };
}
