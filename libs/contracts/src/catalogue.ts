import { defineCatalogue } from '@mentorhub/tasks/define';
import { UserRegistered } from './events/accounts.js';
import { CoursePublished } from './events/courses.js';
import { SessionCancelled, SessionHeld, SessionRescheduled, SessionScheduled } from './events/sessions.js';
import { routes } from './routing.js';
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

/** Every task and event of MentorHub. */
export const catalogue = defineCatalogue({
  tasks: [
    SendEmail,
    SendVerificationEmail,
    SendPasswordResetEmail,
    SendSessionReminderEmail,
    UnsubscribeEmail,
    LiftSuppression,
    SendAdminNotification,
    RequestEmailVerification,
    RequestPasswordReset,
    CleanupExpiredTokens,
    RemindOfSession,
    SendSessionReminders,
    RecordHeldSessions,
    GenerateDailyStats,
  ],
  events: [UserRegistered, SessionScheduled, SessionRescheduled, SessionCancelled, SessionHeld, CoursePublished],
  routes,
});
