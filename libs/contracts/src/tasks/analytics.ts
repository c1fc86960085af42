import { defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Day } from '../fields.js';
import { DailyStats } from '../statistics.js';

export const GenerateDailyStats = defineTask({
  name: 'analytics.generate-daily-stats',
  version: 1,
  effects: 'database',
  payload: z.strictObject({
    date: Day.optional().describe('A day in UTC that is over; absent, the day before today.'),
  }),
  result: DailyStats,
  description: 'Finalises the statistics of a day.',
});
