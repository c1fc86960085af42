import type { AnyTaskContract, TaskConsumer } from '@mentorhub/task-contracts';
import { CleanupExpiredTokens, RequestEmailVerification, RequestPasswordReset } from './tasks/accounts.js';
import { GenerateDailyStats } from './tasks/analytics.js';
import {
  LiftSuppression,
  SendAdminNotification,
  SendEmail,
  SendPasswordResetEmail,
  SendSessionReminderEmail,
  SendVerificationEmail,
  UnsubscribeEmail,
} from './tasks/email.js';
import { RecordHeldSessions, RemindOfSession, SendSessionReminders } from './tasks/sessions.js';

/** Each service with the tasks that it handles and the queues that it consumes; a test of each service holds it to that. */
export const consumers: readonly (TaskConsumer & { readonly tasks: readonly AnyTaskContract[] })[] = [
  {
    service: 'email-service',
    tasks: [
      SendEmail,
      SendVerificationEmail,
      SendPasswordResetEmail,
      SendSessionReminderEmail,
      UnsubscribeEmail,
      LiftSuppression,
      SendAdminNotification,
    ],
    queues: ['email', 'email-bulk'],
  },
  {
    service: 'api-gateway',
    tasks: [
      RequestEmailVerification,
      RequestPasswordReset,
      CleanupExpiredTokens,
      RemindOfSession,
      SendSessionReminders,
      RecordHeldSessions,
    ],
    queues: ['default', 'default-bulk'],
  },
  { service: 'analytics-service', tasks: [GenerateDailyStats], queues: ['analytics'] },
];

/** The queues of tasks that a service consumes; none for one that handles no tasks. */
export const queuesConsumedBy = (service: string): readonly string[] =>
  consumers.find((consumer) => consumer.service === service)?.queues ?? [];
