import { rangeFault, StatsRange } from '@mentorhub/contracts';
import { z } from 'zod';

export const StatsQuery = z
  .strictObject({
    ...StatsRange,
    format: z
      .enum(['json', 'csv'], 'must be json or csv')
      .optional()
      .describe('What is answered; when left out, what Accept prefers of application/json and text/csv.'),
  })
  .check(({ value, issues }) => {
    const message = rangeFault(value);
    if (message) issues.push({ code: 'custom', input: value.to, path: ['to'], message });
  });
export type StatsQuery = z.output<typeof StatsQuery>;
