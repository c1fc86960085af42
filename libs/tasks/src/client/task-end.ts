import { isTerminal, type TaskEvent, type TaskRecord } from '@mentorhub/task-store';
import { z } from 'zod';

/** How a task ended, whether its event or its row told. */
export type TaskEnd = Pick<
  TaskRecord,
  | 'id'
  | 'name'
  | 'run'
  | 'attempt'
  | 'deferrals'
  | 'state'
  | 'queue'
  | 'startedAt'
  | 'finishedAt'
  | 'worker'
  | 'result'
  | 'error'
>;

/** The end that an event tells; undefined when more of this task follows. */
export function endTold(event: TaskEvent): TaskEnd | undefined {
  if (!isTerminal(event.kind)) return undefined;
  const { taskId: id, name, run, attempt, queue, kind: state, worker, result = null, error = null } = event;
  const startedAt = event.startedAt ? new Date(event.startedAt) : null;
  const finishedAt = new Date(event.at);
  const deferrals = event.deferrals ?? 0;
  return { id, name, run, attempt, deferrals, state, queue, startedAt, finishedAt, worker, result, error };
}

/** What an end consists of; a stranger may write to the exchange, too. */
const EndEvent = z.looseObject({
  taskId: z.string(),
  run: z.int(),
  attempt: z.int(),
  kind: z.enum(['succeeded', 'failed', 'revoked', 'expired']),
  name: z.string(),
  queue: z.string(),
  worker: z.string(),
  at: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  deferrals: z.int().optional(),
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().optional() }).optional(),
});

/** The end that an event tells as it came from the broker; undefined when it tells none or cannot be read. */
export function readEnd(value: unknown): TaskEnd | undefined {
  const event = EndEvent.safeParse(value);
  return event.success ? endTold(event.data as unknown as TaskEvent) : undefined;
}
