import { z } from 'zod';

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
