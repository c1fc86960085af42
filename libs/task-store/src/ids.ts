import { hash } from 'node:crypto';
import { parse, stringify } from 'uuid';

const taskIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A task's id in its one form: a UUID of any version, in lower case, as PostgreSQL writes it. Whatever brings an id from
 * outside reads it by this, since behind the edges ids are compared as texts.
 *
 * @returns undefined for what is no UUID.
 */
export function readTaskId(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const id = value.toLowerCase();
  return taskIdForm.test(id) ? id : undefined;
}

/** As {@link readTaskId}, for callers in this process. @throws {RangeError} it is no UUID. */
export function toTaskId(value: string): string {
  const id = readTaskId(value);
  if (id === undefined) throw new RangeError(`"${value}" is no id of a task: that is a UUID.`);
  return id;
}

/** The namespace of every id that is derived instead of drawn; changing it would make old messages look new. */
const namespace = Buffer.from(parse('5a0d6c1e-3b1f-4f0e-9a57-0c6c2a8f4d11'));

/**
 * An id that follows from what it names (a UUID of version 5), so that telling the same thing twice gives the same id.
 *
 * Hashed in one call, since there is one for each attempt of each task: the library's own takes ten times as long.
 *
 * @example derivedId(taskId, run, attempt, 'succeeded')
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(parts.join('/'))]), 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return stringify(bytes);
}
