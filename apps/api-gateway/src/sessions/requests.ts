import { RowId } from '@mentorhub/contracts';
import { z } from 'zod';
import { Rfc3339 } from '../input/instant.js';
import { pageLimit } from '../input/page-limit.js';
import { readCursor } from './session-cursor.js';

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
  cursor: z
    .string()
    .max(200)
    .refine((cursor) => readCursor(cursor) !== undefined, 'must be the nextCursor of the page before')
    .optional()
    .describe('The nextCursor of the page before.'),
});
export type SessionQuery = z.output<typeof SessionQuery>;
