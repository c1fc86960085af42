import { defineTask } from '@mentorhub/tasks/define';
import { z } from 'zod';

export const GenerateDailyStats = defineTask({
  name: 'analytics.generate-daily-stats',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ date: z.iso.date().optional().describe('A day in UTC; absent, the day before.') }),
  description: 'Finalises the statistics of a day.',
});
