import { exchanges } from '@mentorhub/contracts';
import type { Delivery } from '@mentorhub/messaging';
import { parcelToPark, toTaskError, type Parcel } from '@mentorhub/task-worker';

export type ParkReason = 'undecodable' | 'refused';
export const parkReasons: readonly ParkReason[] = ['undecodable', 'refused'];

/** What parks `body`, a part of what `delivery` brought, for a person to look at. */
export function parkedEvents(
  delivery: Delivery,
  { body, reason, error }: { readonly body: Buffer; readonly reason: ParkReason; readonly error: Error },
  worker: string,
): Parcel {
  const envelope = { reason, error: toTaskError(error), queue: delivery.queue, worker, at: new Date().toISOString() };
  return parcelToPark(delivery, envelope, exchanges.deadLetters, body);
}
