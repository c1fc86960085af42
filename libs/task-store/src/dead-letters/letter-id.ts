import { isBrokerHeader } from '@mentorhub/messaging';
import { derivedId } from '../ids.js';
import { taskHeaders } from '../outbox/task-message.js';
import { idOfBytes } from './keep-dead-letter.js';

/** What tells a letter from others. */
export interface LetterSource {
  readonly taskId?: string | undefined;
  readonly run?: number | undefined;
  /** The queue that its message was in before it was parked. */
  readonly queue: string;
  readonly messageId?: string | undefined;
  readonly type?: string | undefined;
  /** As sent or as received; what parking and the broker add does not count. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/**
 * The id of a dead letter, whichever way it comes: over the queue of parked messages, or straight from who could not send it
 * there. A run of a task has one letter. Anything else is known by its bytes, without what the broker and time add.
 */
export function letterId({ taskId, run, queue, messageId = '', type = '', headers, body }: LetterSource): string {
  if (taskId !== undefined && run !== undefined) return derivedId(taskId, run);
  return idOfBytes(body, queue, messageId, type, headersJson(originalHeaders(headers)));
}

/** The headers that a message had before it was parked or dead-lettered, without what differs from one delivery to the next. */
export function originalHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOriginal = (name: string) => name !== taskHeaders.deadLetter && !isBrokerHeader(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOriginal(name)));
}

/** The same for the same headers, in whichever order they came; headers that are nested too deep for it count as none. */
function headersJson(headers: Record<string, unknown>): string {
  try {
    return JSON.stringify(Object.entries(headers).sort(([one], [other]) => (one < other ? -1 : 1)));
  } catch {
    return '';
  }
}
