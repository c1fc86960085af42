import {
  DailyStats,
  Email,
  Instant,
  Line,
  Locale,
  Minutes,
  RowId,
  ScheduleView,
  SuppressionView,
  Username,
  Uuid,
} from '@mentorhub/contracts';
import { taskStates } from '@mentorhub/task-store';
import { z } from 'zod';
import { sessionStates } from '../sessions/session-view.js';

/** What is answered, for the OpenAPI document; tests hold real answers against it. */
const State = z.enum(taskStates);
const TaskError = z.looseObject({ name: z.string(), message: z.string() });

export const AcceptedTask = z.strictObject({ id: RowId, state: State });
export const RevokedTask = z.strictObject({ id: RowId, state: z.enum(['revoked', 'revoking']) });
export const MovedTask = z.strictObject({ id: RowId, state: State, dueAt: Instant });
export const AcceptedTasks = z.strictObject({ items: z.array(AcceptedTask) });
export const AcceptedRequest = z.strictObject({ status: z.literal('accepted') });

export const UserAnswer = z.strictObject({
  id: Uuid,
  email: Email,
  username: Username,
  fullName: Line(200).nullable(),
  locale: Locale,
  timezone: z.string(),
  emailVerified: z.boolean(),
  createdAt: Instant,
});

export const SessionAnswer = z.strictObject({
  id: RowId,
  studentId: RowId,
  mentorId: RowId,
  startsAt: Instant,
  durationMinutes: Minutes,
  state: z.enum(sessionStates).describe('held once the sweep after its end has seen it.'),
  version: z.int().describe('Raised by each move.'),
  reminder: z.strictObject({
    taskId: Uuid.describe(
      'Its task, for GET /v1/tasks/{id}; of an imported session there once the sweep has found it.',
    ),
    dueAt: Instant,
    enqueued: z.boolean().describe('Whether the mails have been enqueued.'),
  }),
  createdAt: Instant,
});

export const SessionsAnswer = z.strictObject({ items: z.array(SessionAnswer), nextCursor: z.string().nullable() });

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

export const ScheduleList = z.strictObject({
  items: z.array(ScheduleView),
  nextCursor: z.string().nullable().describe('The cursor of the next page; null when there is none.'),
});
export const Firings = z.strictObject({ firings: z.array(Instant) });

export const CourseAnswer = z.strictObject({ id: Uuid, title: Line(200), mentorId: RowId, publishedAt: Instant });
export const SuppressionsAnswer = z.strictObject({
  items: z.array(SuppressionView).describe('The latest first.'),
  nextCursor: z.string().nullable(),
});
export const StatsAnswer = z.strictObject({ items: z.array(DailyStats).describe('Every day of the range.') });

export const ProblemAnswer = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z
    .array(z.strictObject({ path: z.string(), message: z.string(), suggestions: z.array(z.string()).optional() }))
    .optional()
    .describe('JSON pointers into the body, or the name of a header.'),
});
