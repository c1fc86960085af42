import { Instant, ScheduleView } from '@mentorhub/contracts';
import { z } from 'zod';

export const ScheduleList = z.strictObject({
  items: z.array(ScheduleView),
  nextCursor: z.string().nullable().describe('The cursor of the next page; null when there is none.'),
});
export const Firings = z.strictObject({ firings: z.array(Instant) });
