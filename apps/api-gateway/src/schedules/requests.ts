import { ScheduleName } from '@mentorhub/contracts';
import { z } from 'zod';
import { pageLimit, wholeNumber } from '../input/page-limit.js';

export const PreviewQuery = z.strictObject({
  from: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 instant such as 2026-11-22T10:00:00Z' })
    .optional()
    .describe('The first instant that counts; now when left out.'),
  count: wholeNumber(1000).default(10).describe('How many firings, 1 to 1000.'),
});
export type PreviewQuery = z.output<typeof PreviewQuery>;

export const ListQuery = z.strictObject({
  limit: pageLimit('schedules'),
  cursor: z
    .string()
    .refine((cursor) => nameIn(cursor) !== undefined, 'is none that this list has answered')
    .optional()
    .describe('The nextCursor of the page before.'),
});
export type ListQuery = z.output<typeof ListQuery>;

/** A page is continued after the name of its last schedule. */
export const cursorAfter = (name: string): string => Buffer.from(name).toString('base64url');

export const nameIn = (cursor: string): string | undefined =>
  ScheduleName.safeParse(Buffer.from(cursor, 'base64url').toString()).data;
