import { defineCall } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Email, Instant, RowId } from '../fields.js';
import { SuppressionReason } from '../tasks/email.js';
import { callQueues } from '../topology/topology.js';
import { MailCategory } from '../unsubscribing.js';

/** Which mails of an address a suppression holds back: all, or those of a category. */
export const SuppressionScope = z.union([z.literal('all'), MailCategory]);
export type SuppressionScope = z.infer<typeof SuppressionScope>;

export const SuppressionView = z.strictObject({
  email: z.string(),
  scope: SuppressionScope.describe('The mails that are not sent.'),
  reason: SuppressionReason,
  diagnostics: z.string().nullable().describe('What the mail server answered.'),
  taskId: RowId.describe('The mail that bounced, or the task email.unsubscribe.'),
  since: Instant,
});
export type SuppressionView = z.output<typeof SuppressionView>;

/** Where a page ended. */
export const SuppressionPlace = SuppressionView.pick({ since: true, email: true, scope: true });
export type SuppressionPlace = z.output<typeof SuppressionPlace>;

/** The latest first. */
export const ListSuppressions = defineCall({
  name: 'suppressions.list',
  queue: callQueues.email,
  input: z.strictObject({
    limit: z.int().min(1).max(1000),
    email: Email.optional().describe('This address only.'),
    after: SuppressionPlace.optional(),
  }),
  output: z.strictObject({ items: z.array(SuppressionView), more: z.boolean() }),
});
