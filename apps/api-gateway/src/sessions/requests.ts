import { Rfc3339, RowId } from '@mentorhub/contracts';
import { z } from 'zod';
import { pageLimit } from '../input/page-limit.js';
import { sessionCursor } from './session-cursor.js';

export const NewSession = z
  .strictObject({
    studentId: RowId,
    mentorId: RowId,
    startsAt: Rfc3339.describe('Ahead, and within two years.'),
    durationMinutes: z.int().min(5).max(480),
  })
  .refine(({ studentId, mentorId }) => studentId !== mentorId, {
    path: ['mentorId'],
    error: 'must be another person than the student',
  });
export type NewSession = z.output<typeof NewSession>;

export const SessionMove = z.strictObject({ startsAt: Rfc3339.describe('The new start, ahead and within two years.') });
export type SessionMove = z.output<typeof SessionMove>;

export const SessionQuery = z.strictObject({
  limit: pageLimit('sessions'),
  cursor: sessionCursor.query,
});
export type SessionQuery = z.output<typeof SessionQuery>;
