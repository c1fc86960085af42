import { defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Email, Instant, Line, Locale, Minutes, RowId, TimeZone, Token, Username } from '../fields.js';
import { MailCategory } from '../unsubscribing.js';

/** Why no mail goes to an address: it does not take any, or its owner does not want this kind. */
export const SuppressionReason = z.enum(['hard-bounce', 'unsubscribed']);
export type SuppressionReason = z.infer<typeof SuppressionReason>;

const Sent = z.union([
  z.strictObject({ messageId: z.string() }),
  z.strictObject({ suppressed: SuppressionReason.describe('Not sent: the address is on the suppression list.') }),
]);
const sending = {
  version: 1,
  effects: 'external',
  // A second copy of a mail with the same Message-ID is a smaller harm than none at all.
  onAmbiguous: 'again',
  result: Sent,
  timeLimit: { softSeconds: 50, hardSeconds: 60 },
} as const;

/** Any mail, plain text: the counterpart of `send_email_with_retry`. */
export const SendEmail = defineTask({
  ...sending,
  name: 'email.send',
  payload: z.strictObject({ to: Email, subject: Line(200), content: z.string().min(1).max(100_000) }),
  description: 'Sends a plain mail to one recipient.',
});

export const SendVerificationEmail = defineTask({
  ...sending,
  name: 'email.send-verification',
  payload: z.strictObject({ email: Email, username: Username, token: Token, locale: Locale.default('en') }),
  sensitive: ['token'],
  description: 'Sends the link that confirms an e-mail address.',
});

export const SendPasswordResetEmail = defineTask({
  ...sending,
  name: 'email.send-password-reset',
  payload: z.strictObject({ email: Email, username: Username, token: Token, locale: Locale.default('en') }),
  sensitive: ['token'],
  description: 'Sends the link that sets a new password.',
});

/** To one of the two people of a session, in their own language and time zone. */
export const SendSessionReminderEmail = defineTask({
  ...sending,
  name: 'email.send-session-reminder',
  payload: z.strictObject({
    email: Email,
    username: Line(200).describe('How the recipient is addressed.'),
    role: z.enum(['student', 'mentor']).describe('What the recipient is in the session.'),
    partnerName: Line(200).describe('The other person.'),
    sessionId: RowId,
    version: z.int().min(1).describe('Raised by each move; a calendar takes the highest.'),
    startsAt: Instant,
    durationMinutes: Minutes,
    locale: Locale.default('en'),
    timezone: TimeZone.default('UTC'),
  }),
  description: 'Reminds somebody of a session that starts soon, with a calendar file.',
});

/** From the link in a mail; the address's other mails go on. */
export const UnsubscribeEmail = defineTask({
  name: 'email.unsubscribe',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ email: Email, category: MailCategory }),
  description: 'Puts an address on the suppression list for one kind of mail.',
});

/** An operator's: the address takes mail again. */
export const LiftSuppression = defineTask({
  name: 'email.lift-suppression',
  version: 1,
  effects: 'database',
  payload: z.strictObject({
    email: Email,
    reason: SuppressionReason.optional().describe('Only what has this reason; absent, all.'),
  }),
  result: z.strictObject({ lifted: z.array(SuppressionReason) }),
  description: 'Takes an address off the suppression list.',
});

const Chart = z
  .strictObject({
    title: Line(200),
    labels: z.array(Line(40)).min(1).max(60).describe('Along the axis, for instance days.'),
    series: z
      .array(z.strictObject({ name: Line(60), values: z.array(z.number().min(0)).describe('One for each label.') }))
      .min(1)
      .max(3),
  })
  .refine(({ labels, series }) => series.every(({ values }) => values.length === labels.length), {
    path: ['series'],
    error: 'each series must have as many values as there are labels',
  });
export type Chart = z.output<typeof Chart>;

/** To the people who run MentorHub. */
export const SendAdminNotification = defineTask({
  ...sending,
  name: 'email.send-admin-notification',
  payload: z.strictObject({
    email: Email,
    subject: Line(200),
    content: z.string().min(1).max(100_000).describe('Plain text; a blank line parts paragraphs.'),
    facts: z
      .array(z.strictObject({ label: Line(100), value: Line(100) }))
      .max(100)
      .default([])
      .describe('Shown as a table.'),
    chart: Chart.optional().describe('Drawn as bars.'),
  }),
  description: 'Sends a report or a warning to one of the admins, with a table and a chart.',
});
