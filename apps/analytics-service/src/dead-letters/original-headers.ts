import { taskHeaders } from '@mentorhub/task-store';

/** What the broker adds on the way to the dead letters; it differs from one delivery to the next. */
const addedByBroker = /^x-(death|first-death-.*|last-death-.*|delivery-count|opt-.*)$/;

/** The headers that a message had before it was parked or dead-lettered. */
export function originalHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOriginal = (name: string) => name !== taskHeaders.deadLetter && !addedByBroker.test(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOriginal(name)));
}
