import { Instant, Minutes, RowId, Uuid } from '@mentorhub/contracts';
import { z } from 'zod';
import { sessionStates } from './session-view.js';

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
