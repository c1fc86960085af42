import { exchanges } from '@mentorhub/contracts';
import type { Delivery, OutgoingMessage } from '@mentorhub/messaging';
import { parkedMessage, toTaskError } from '@mentorhub/tasks/server';

export type ParkReason = 'undecodable' | 'refused';
export const parkReasons: readonly ParkReason[] = ['undecodable', 'refused'];

/** The message that parks `body`, a part of what `delivery` brought, for a person to look at. */
export function parkedEvents(
  delivery: Delivery,
  { body, reason, error }: { readonly body: Buffer; readonly reason: ParkReason; readonly error: Error },
  worker: string,
): OutgoingMessage {
  const envelope = { reason, error: toTaskError(error), queue: delivery.queue, worker, at: new Date().toISOString() };
  return { ...parkedMessage(delivery, envelope, exchanges.deadLetters), body };
}
