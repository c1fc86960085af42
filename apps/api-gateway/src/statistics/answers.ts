import { DailyStats } from '@mentorhub/contracts';
import { z } from 'zod';

export const StatsAnswer = z.strictObject({ items: z.array(DailyStats).describe('Every day of the range.') });
