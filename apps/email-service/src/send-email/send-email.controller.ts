import {
  SendEmail,
  SendPasswordResetEmail,
  SendSessionReminderEmail,
  SendVerificationEmail,
} from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/tasks/define';
import { AmbiguousError, PermanentError, TaskHandler, type ExternalContext } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { MailFailure, Mailer } from '../mailer/index.js';
import {
  renderPasswordReset,
  renderPlain,
  renderSessionReminder,
  renderVerification,
  SiteLinks,
  type MailContent,
  type TemplateName,
} from '../templates/index.js';

/** Runs the tasks `email.*`: each renders one mail and hands it over to the SMTP server. */
@Controller()
export class SendEmailController {
  constructor(
    private readonly mailer: Mailer,
    private readonly links: SiteLinks,
  ) {}

  @TaskHandler(SendEmail)
  plain({ to, subject, content }: Payload<typeof SendEmail>, ctx: ExternalContext) {
    return this.send(ctx, 'plain', to, renderPlain({ subject, content }));
  }

  @TaskHandler(SendVerificationEmail)
  verification({ email, username, token, locale }: Payload<typeof SendVerificationEmail>, ctx: ExternalContext) {
    const link = this.links.verifyEmail(token);
    return this.send(ctx, 'verification', email, renderVerification({ username, link, locale }));
  }

  @TaskHandler(SendPasswordResetEmail)
  passwordReset({ email, username, token, locale }: Payload<typeof SendPasswordResetEmail>, ctx: ExternalContext) {
    const link = this.links.resetPassword(token);
    return this.send(ctx, 'password-reset', email, renderPasswordReset({ username, link, locale }));
  }

  @TaskHandler(SendSessionReminderEmail)
  sessionReminder(payload: Payload<typeof SendSessionReminderEmail>, ctx: ExternalContext) {
    const { email, sessionId, startsAt, ...reminder } = payload;
    const { sender } = this.mailer;
    const content = renderSessionReminder({
      ...reminder,
      startsAt: new Date(startsAt),
      link: this.links.session(sessionId),
      calendar: { uid: `${sessionId}@${sender.domain}`, organizer: sender },
    });
    return this.send(ctx, 'session-reminder', email, content);
  }

  /** The Message-ID follows from the task, so that a second copy after a crash can be recognised as one. */
  private async send(ctx: ExternalContext, template: TemplateName, to: string, content: MailContent) {
    const mail = { ...content, to, template, messageId: this.mailer.messageIdOf(ctx.id) };
    const { messageId } = await ctx.once(() => this.mailer.send(mail, { signal: ctx.signal }).catch(explain));
    return { messageId };
  }
}

/** What a failure of the mail server means to the runtime: refused is for ever, unanswered is ambiguous, the rest may pass. */
function explain(error: unknown): never {
  if (!(error instanceof MailFailure)) throw error;
  if (!error.definite) throw new AmbiguousError(error.message, { cause: error });
  throw error.mayBeRetried ? error : new PermanentError(error.message, { cause: error });
}
