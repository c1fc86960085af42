import { z } from 'zod';
import { Email } from './fields.js';

/** Mails that somebody can do without. What they asked for themselves, such as a password reset, has no category. */
export const MailCategory = z.enum(['reminders']);
export type MailCategory = z.infer<typeof MailCategory>;

/** What an unsubscribe link says, sealed for this purpose by email-service and opened by the gateway. */
export const UnsubscribeClaim = z.strictObject({ email: Email, category: MailCategory });
export type UnsubscribeClaim = z.infer<typeof UnsubscribeClaim>;
export const unsubscribePurpose = 'unsubscribe link v1';
/** Where such a link leads to, below the gateway's address. */
export const unsubscribePath = '/v1/unsubscribe';
