import { z } from 'zod';
import { Day, Instant } from './fields.js';

const Count = z.int().min(0);
const Mails = z.strictObject({ sent: Count, failed: Count });

/** What happened on a day in UTC. */
export const DailyStats = z.strictObject({
  date: Day,
  final: z.boolean().describe('Whether the day is over and was finalised.'),
  correctedAt: Instant.nullable().describe('When an event was last counted after the day was finalised.'),
  newUsers: Count,
  sessions: z.strictObject({ booked: Count, cancelled: Count, held: Count }),
  coursesPublished: Count,
  mails: Mails.extend({ byKind: z.record(z.string(), Mails).describe('By task, such as email.send-verification.') }),
});
export type DailyStats = z.output<typeof DailyStats>;
