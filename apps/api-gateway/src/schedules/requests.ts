import { PreviewFrom, ScheduleName } from '@mentorhub/contracts';
import { z } from 'zod';
import { cursorOf } from '../input/cursor.js';
import { pageLimit, wholeNumber } from '../input/page-limit.js';

export const PreviewQuery = z.strictObject({
  from: PreviewFrom.optional().describe('The first instant that counts, in the years 1970 to 2999; now when left out.'),
  count: wholeNumber(1000, 10).describe('How many firings, 1 to 1000.'),
});
export type PreviewQuery = z.output<typeof PreviewQuery>;

/** A page is continued after the name of its last schedule. */
export const scheduleCursor = cursorOf(ScheduleName);

export const ListQuery = z.strictObject({ limit: pageLimit('schedules'), cursor: scheduleCursor.query });
export type ListQuery = z.output<typeof ListQuery>;
