import { SuppressionView } from '@mentorhub/contracts';
import { z } from 'zod';

export const SuppressionsAnswer = z.strictObject({
  items: z.array(SuppressionView).describe('The latest first.'),
  nextCursor: z.string().nullable(),
});
