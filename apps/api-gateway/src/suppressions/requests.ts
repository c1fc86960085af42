import { Email } from '@mentorhub/contracts';
import { z } from 'zod';
import { pageLimit } from '../input/page-limit.js';
import { readCursor } from './suppression-cursor.js';

export const SuppressionQuery = z.strictObject({
  email: Email.optional().describe('This address only, in upper or lower case.'),
  limit: pageLimit('suppressions'),
  cursor: z
    .string()
    .max(1_000)
    .refine((cursor) => readCursor(cursor) !== undefined, 'must be the nextCursor of the page before')
    .optional()
    .describe('The nextCursor of the page before.'),
});
export type SuppressionQuery = z.output<typeof SuppressionQuery>;
