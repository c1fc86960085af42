import { Instant, RowId } from '@mentorhub/contracts';
import { taskStates } from '@mentorhub/task-store';
import { z } from 'zod';

/** What is answered, for the OpenAPI document; tests hold real answers against it. */
const State = z.enum(taskStates);
const TaskError = z.looseObject({ name: z.string(), message: z.string() });

export const AcceptedTask = z.strictObject({ id: RowId, state: State });
export const RevokedTask = z.strictObject({ id: RowId, state: z.enum(['revoked', 'revoking']) });
export const MovedTask = z.strictObject({ id: RowId, state: State, dueAt: Instant });
export const AcceptedTasks = z.strictObject({ items: z.array(AcceptedTask) });

export const ResultAnswer = z.strictObject({
  state: State,
  result: z.unknown().optional(),
  error: TaskError.optional(),
});

export const TaskAnswer = z.strictObject({
  id: RowId,
  task: z.string(),
  version: z.int(),
  queue: z.string(),
  state: State,
  run: z.int(),
  attempt: z.int(),
  payload: z.unknown().describe('Sensitive fields read "[encrypted]".'),
  acceptedAt: Instant,
  dueAt: Instant,
  expiresAt: Instant.nullable(),
  publishedAt: Instant.nullable(),
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  worker: z.string().nullable(),
  progress: z.unknown().describe('What its handler said last about how far it is.'),
  result: z.unknown().optional().describe('Only of a task that succeeded.'),
  error: TaskError.optional().describe('Only of a task that failed, or whose last attempt did.'),
  publishing: z
    .strictObject({ attempts: z.int(), error: z.string(), stuck: z.boolean() })
    .optional()
    .describe('Only while publishing it fails.'),
  timeline: z.array(
    z.looseObject({ kind: z.string(), at: Instant, run: z.int(), attempt: z.int(), worker: z.string().nullable() }),
  ),
});

export const TaskTypes = z.strictObject({
  items: z.array(
    z.looseObject({
      name: z.string(),
      version: z.int(),
      queue: z.string(),
      effects: z.string(),
      isolation: z.string(),
      payload: z.looseObject({}).describe('JSON Schema'),
      result: z.looseObject({}).describe('JSON Schema'),
    }),
  ),
});
