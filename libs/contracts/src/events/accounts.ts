import { defineEvent } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Instant, Uuid } from '../fields.js';

export const UserRegistered = defineEvent({
  name: 'accounts.user-registered',
  version: 1,
  payload: z.strictObject({ userId: Uuid, registeredAt: Instant }),
});
