import { createHash } from 'node:crypto';
import { RowId } from '@mentorhub/contracts';
import type { Delivery } from '@mentorhub/messaging';
import { derivedId, taskHeaders, type DeadLetter } from '@mentorhub/task-store';
import { z } from 'zod';
import { originalHeaders } from './original-headers.js';
import { parkingNote, type ParkingNote } from './parking-note.js';

/** A dead letter on its way into the database. */
export interface IncomingLetter extends DeadLetter {
  /** Nobody has recorded that its task failed: the broker gave it up. */
  readonly byBroker: boolean;
}

const Count = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** Makes a dead letter of anything that arrives. Its texts are such that PostgreSQL takes them. Never throws. */
export function deadLetterOf(delivery: Delivery): IncomingLetter {
  const note = parkingNote(delivery);
  const headers = originalHeaders(delivery.headers);
  const task = taskOf(delivery, note);
  return {
    id: idOf(delivery, note, headers, task),
    ...task,
    name: storable(delivery.type),
    version: optional(Count, headers[taskHeaders.version]),
    queue: storable(note.queue),
    reason: storable(note.reason),
    error: note.error,
    headers,
    body: delivery.body,
    worker: storable(note.worker),
    parkedAt: note.at,
    byBroker: note.byBroker,
  };
}

/** What a letter is reduced to when PostgreSQL refuses it after all: its bytes, which always fit, and why. */
export function bareLetter({ id, body, parkedAt }: DeadLetter, refusal: Error): DeadLetter {
  const message = storable(`PostgreSQL refused it as it was (${refusal.message}); only its body was kept.`);
  return { id, body, parkedAt, queue: 'unknown', reason: 'unstorable', error: { name: 'Error', message }, headers: {} };
}

type TaskPart = Pick<DeadLetter, 'taskId' | 'run' | 'attempt'>;

function taskOf({ messageId, headers }: Delivery, note: ParkingNote): TaskPart {
  if (!note.byBroker) return { taskId: note.taskId, run: note.run, attempt: note.attempt };
  return {
    taskId: optional(RowId, messageId),
    run: optional(Count, headers[taskHeaders.run]),
    attempt: optional(Count, headers[taskHeaders.attempt]),
  };
}

/** A run of a task has one letter. Anything else is known by its bytes, without what the broker and time add. */
function idOf(delivery: Delivery, note: ParkingNote, headers: Record<string, unknown>, task: TaskPart): string {
  if (task.taskId !== undefined && task.run !== undefined) return derivedId(task.taskId, task.run);
  const names = [note.queue, delivery.messageId, delivery.type, Object.entries(headers).sort()];
  return derivedId(createHash('sha256').update(JSON.stringify(names)).update('\0').update(delivery.body).digest('hex'));
}

function optional<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const checked = schema.safeParse(value);
  return checked.success ? checked.data : undefined;
}

/** PostgreSQL's text holds no NUL. */
function storable(text: string): string;
function storable(text: string | undefined): string | undefined;
function storable(text: string | undefined): string | undefined {
  return text?.replaceAll('\0', '\uFFFD');
}
