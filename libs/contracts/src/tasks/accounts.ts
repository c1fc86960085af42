import { defineTask } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Email } from '../fields.js';

/** Looks the account up after the answer was given, so that the answer tells nobody whether it exists. */
export const RequestEmailVerification = defineTask({
  name: 'accounts.request-email-verification',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ email: Email }),
  description: 'Makes a verification token and its mail, when there is an unverified account.',
});

export const RequestPasswordReset = defineTask({
  name: 'accounts.request-password-reset',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ email: Email }),
  description: 'Makes a password-reset token and its mail, when there is an account.',
});

export const CleanupExpiredTokens = defineTask({
  name: 'accounts.cleanup-expired-tokens',
  version: 1,
  effects: 'database',
  payload: z.strictObject({}),
  result: z.strictObject({ deleted: z.int().describe('Tokens of this batch.') }),
  description: 'Deletes a batch of expired verification and password-reset tokens, and enqueues the next one.',
});
