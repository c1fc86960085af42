import { Email, SuppressionPlace } from '@mentorhub/contracts';
import { z } from 'zod';
import { cursorOf } from '../input/cursor.js';
import { pageLimit } from '../input/page-limit.js';

export const suppressionCursor = cursorOf(SuppressionPlace);

export const SuppressionQuery = z.strictObject({
  email: Email.optional().describe('This address only, in upper or lower case.'),
  limit: pageLimit('suppressions'),
  cursor: suppressionCursor.query,
});
export type SuppressionQuery = z.output<typeof SuppressionQuery>;
