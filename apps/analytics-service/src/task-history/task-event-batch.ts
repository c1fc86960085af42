import { RowId } from '@mentorhub/contracts';
import type { TaskEvent } from '@mentorhub/task-store';
import { z } from 'zod';
import type { Reading } from '../ingest/stream.js';

const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const instant = z.iso.datetime();

/** Fields of newer and older workers are left out: of a newer one, the projection of that version will know them. */
const TaskEventSchema: z.ZodType<TaskEvent> = z.object({
  taskId: RowId,
  run: count,
  attempt: count,
  kind: z.enum(['started', 'retrying', 'succeeded', 'failed', 'revoked', 'expired']),
  at: instant,
  name: z.string(),
  version: count,
  queue: z.string(),
  worker: z.string(),
  startedAt: instant.optional(),
  waitSeconds: z.number().optional(),
  runSeconds: z.number().optional(),
  deferrals: z.int().min(0).optional(),
  retryInSeconds: z.number().optional(),
  result: z.unknown().optional(),
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().optional() }).optional(),
});

/** Reads a batch of task events. Those that do not fit the schema are left over; the others do not suffer for it. */
export function readTaskEvents(body: Buffer): Reading<TaskEvent> {
  try {
    return sorted(arrayOf(body));
  } catch (error) {
    return { items: [], unreadable: { body, error: error as Error } };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function arrayOf(body: Buffer): unknown[] {
  const value: unknown = JSON.parse(utf8.decode(body));
  if (Array.isArray(value)) return value;
  throw new Error('A batch of task events is a JSON array, and this is none.');
}

function sorted(values: readonly unknown[]): Reading<TaskEvent> {
  const items: TaskEvent[] = [];
  const strangers: unknown[] = [];
  const faults: string[] = [];
  for (const value of values) {
    const checked = TaskEventSchema.safeParse(value);
    if (checked.success) items.push(checked.data);
    else {
      strangers.push(value);
      faults.push(z.prettifyError(checked.error));
    }
  }
  if (strangers.length === 0) return { items };
  const error = new Error(`Of ${values.length} task events, ${strangers.length} cannot be read: ${faults[0]}`);
  return { items, unreadable: { body: Buffer.from(JSON.stringify(strangers)), error } };
}
