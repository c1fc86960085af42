import { isBrokerHeader } from '@mentorhub/messaging';
import { taskHeaders } from '@mentorhub/task-store';

/** The headers that a message had before it was parked or dead-lettered, without what differs from one delivery to the next. */
export function originalHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOriginal = (name: string) => name !== taskHeaders.deadLetter && !isBrokerHeader(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOriginal(name)));
}
