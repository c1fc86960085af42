import { defineCatalogue } from '@mentorhub/tasks/define';
import { UserRegistered } from './events/accounts.js';
import { routes } from './routing.js';
import { CleanupExpiredTokens, RequestEmailVerification, RequestPasswordReset } from './tasks/accounts.js';
import { SendEmail, SendPasswordResetEmail, SendVerificationEmail } from './tasks/email.js';

/** Every task and event of MentorHub. */
export const catalogue = defineCatalogue({
  tasks: [
    SendEmail,
    SendVerificationEmail,
    SendPasswordResetEmail,
    RequestEmailVerification,
    RequestPasswordReset,
    CleanupExpiredTokens,
  ],
  events: [UserRegistered],
  routes,
});
