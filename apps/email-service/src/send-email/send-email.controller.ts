import {
  SendAdminNotification,
  SendEmail,
  SendPasswordResetEmail,
  SendSessionReminderEmail,
  SendVerificationEmail,
} from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/task-contracts';
import { TaskHandler, type ExternalContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { Mailer } from '../mailer/index.js';
import {
  renderAdminNotification,
  renderPasswordReset,
  renderPlain,
  renderSessionReminder,
  renderVerification,
  SiteLinks,
} from '../templates/index.js';
import { UnsubscribeLinks } from '../unsubscribe/unsubscribe-links.js';
import { MailDelivery } from './mail-delivery.js';

/** Runs the tasks `email.send*`: each renders one mail and hands it over to the SMTP server. */
@Controller()
export class SendEmailController {
  constructor(
    private readonly delivery: MailDelivery,
    private readonly mailer: Mailer,
    private readonly links: SiteLinks,
    private readonly unsubscribe: UnsubscribeLinks,
  ) {}

  @TaskHandler(SendEmail)
  plain({ to, subject, content }: Payload<typeof SendEmail>, ctx: ExternalContext) {
    return this.delivery.deliver(ctx, { template: 'plain', to, content: renderPlain({ subject, content }) });
  }

  @TaskHandler(SendVerificationEmail)
  verification({ email, username, token, locale }: Payload<typeof SendVerificationEmail>, ctx: ExternalContext) {
    const content = renderVerification({ username, link: this.links.verifyEmail(token), locale });
    return this.delivery.deliver(ctx, { template: 'verification', to: email, content });
  }

  @TaskHandler(SendPasswordResetEmail)
  passwordReset({ email, username, token, locale }: Payload<typeof SendPasswordResetEmail>, ctx: ExternalContext) {
    const content = renderPasswordReset({ username, link: this.links.resetPassword(token), locale });
    return this.delivery.deliver(ctx, { template: 'password-reset', to: email, content });
  }

  @TaskHandler(SendSessionReminderEmail)
  sessionReminder(payload: Payload<typeof SendSessionReminderEmail>, ctx: ExternalContext) {
    const { email, sessionId, startsAt, ...reminder } = payload;
    const { sender } = this.mailer;
    const category = 'reminders';
    const content = renderSessionReminder({
      ...reminder,
      startsAt: new Date(startsAt),
      link: this.links.session(sessionId),
      unsubscribeLink: this.unsubscribe.linkFor({ email, category }, reminder.locale),
      calendar: { uid: `${sessionId}@${sender.domain}`, organizer: sender },
    });
    return this.delivery.deliver(ctx, { template: 'session-reminder', to: email, category, content });
  }

  @TaskHandler(SendAdminNotification)
  adminNotification({ email, ...notification }: Payload<typeof SendAdminNotification>, ctx: ExternalContext) {
    const content = renderAdminNotification(notification);
    return this.delivery.deliver(ctx, { template: 'admin-notification', to: email, content });
  }
}
