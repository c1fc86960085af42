import { RowId } from '@mentorhub/contracts';
import { orUndefined, wholeNumberHeader, type Delivery } from '@mentorhub/messaging';
import { idOfBytes, letterId, originalHeaders, taskHeaders, type DeadLetter } from '@mentorhub/task-store';
import { parkingNote, type ParkingNote } from './parking-note.js';

/** A dead letter on its way into the database. */
export interface IncomingLetter extends DeadLetter {
  /** Nobody has recorded that its task failed: the broker gave it up. */
  readonly byBroker: boolean;
}

/** Makes a dead letter of anything that arrives. Its texts are such that PostgreSQL takes them. Never throws. */
export function deadLetterOf(delivery: Delivery): IncomingLetter {
  const note = parkingNote(delivery);
  const { body, messageId, type } = delivery;
  const headers = originalHeaders(delivery.headers);
  const task = taskOf(delivery, note);
  return {
    id: letterId({ ...task, queue: note.queue, messageId, type, headers, body }),
    ...task,
    name: storable(type),
    version: countIn(headers, taskHeaders.version),
    queue: storable(note.queue),
    reason: storable(note.reason),
    error: note.error,
    headers,
    body,
    worker: storable(note.worker),
    parkedAt: note.at,
    byBroker: note.byBroker,
  };
}

/** What is kept of a delivery of which no letter could be made: its bytes. */
export function unreadLetter({ body, queue }: Delivery, { name, message }: Error): DeadLetter {
  const id = idOfBytes(body, queue);
  return { id, queue, reason: 'undecodable', error: { name, message }, headers: {}, body, parkedAt: new Date() };
}

type TaskPart = Pick<DeadLetter, 'taskId' | 'run' | 'attempt'>;

function taskOf({ messageId, headers }: Delivery, note: ParkingNote): TaskPart {
  if (!note.byBroker) return { taskId: note.taskId, run: note.run, attempt: note.attempt };
  return {
    taskId: RowId.safeParse(messageId).data,
    run: countIn(headers, taskHeaders.run),
    attempt: countIn(headers, taskHeaders.attempt),
  };
}

const countIn = (headers: Record<string, unknown>, name: string): number | undefined =>
  orUndefined(wholeNumberHeader(headers, name, { least: 1, most: 2 ** 31 - 1 }));

/** PostgreSQL's text holds no NUL. */
function storable(text: string): string;
function storable(text: string | undefined): string | undefined;
function storable(text: string | undefined): string | undefined {
  return text?.replaceAll('\0', '\uFFFD');
}
