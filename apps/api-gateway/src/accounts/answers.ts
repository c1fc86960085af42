import { Email, Instant, Line, Locale, Username, Uuid } from '@mentorhub/contracts';
import { z } from 'zod';

export const AcceptedRequest = z.strictObject({ status: z.literal('accepted') });

export const UserAnswer = z.strictObject({
  id: Uuid,
  email: Email,
  username: Username,
  fullName: Line(200).nullable(),
  locale: Locale,
  timezone: z.string(),
  emailVerified: z.boolean(),
  createdAt: Instant,
});
