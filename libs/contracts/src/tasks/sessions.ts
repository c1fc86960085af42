import { defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Instant, RowId } from '../fields.js';

/** What became of a reminder: the mails' tasks are there, or why there are none. */
export const ReminderOutcome = z.enum(['reminded', 'unknown', 'cancelled', 'moved', 'reminded-before', 'started']);

/** Due one hour before the start. A move makes another version, and this one's reminder has nothing to do any more. */
export const RemindOfSession = defineTask({
  name: 'sessions.remind',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ sessionId: RowId, version: z.int().min(1) }),
  result: z.strictObject({ outcome: ReminderOutcome }),
  description: 'Enqueues the reminder mails to student and mentor, unless the session was moved or cancelled.',
});

/** The hourly sweep. Each page is a task, which enqueues the small ones and the page after it. */
export const SendSessionReminders = defineTask({
  name: 'sessions.send-reminders',
  version: 1,
  effects: 'database',
  payload: z.strictObject({
    after: z
      .strictObject({ startsAt: Instant, sessionId: RowId })
      .optional()
      .describe('The last session of the page before; absent, the sweep begins.'),
  }),
  result: z.strictObject({ found: z.int().describe('Sessions of this page.') }),
  description: 'Enqueues a reminder for each session that starts within the hour and has none, page by page.',
});

export const RecordHeldSessions = defineTask({
  name: 'sessions.record-held',
  version: 1,
  effects: 'database',
  payload: z.strictObject({}),
  result: z.strictObject({ held: z.int().describe('Sessions of this page.') }),
  description: 'Tells of each session that has ended, once, page by page; the hourly sweep enqueues it.',
});
