import type { MailCategory, SendEmail } from '@mentorhub/contracts';
import { emailMetrics } from '@mentorhub/metrics';
import type { Result } from '@mentorhub/task-contracts';
import { AmbiguousError, PermanentError } from '@mentorhub/task-contracts';
import type { ExternalContext } from '@mentorhub/task-worker';
import { Injectable } from '@nestjs/common';
import { isHardBounce, MailFailure, Mailer } from '../mailer/index.js';
import { Suppressions } from '../suppressions/suppressions.js';
import type { MailContent, TemplateName } from '../templates/index.js';

/** A rendered mail and who it is for. */
export interface OutgoingMail {
  readonly template: TemplateName;
  readonly to: string;
  readonly content: MailContent;
  /** Of a mail that its reader may have unsubscribed from. */
  readonly category?: MailCategory;
}

/**
 * Delivers the mail of a task.
 *
 * 1. An address on the suppression list gets none. The task succeeds and says so: there is nothing to try again, nor anything
 *    that an operator would have to mend.
 * 2. The mail is handed over to the SMTP server inside `ctx.once`. Its Message-ID follows from the task, so that a second copy
 *    after a crash can be recognised as one.
 * 3. A refusal that is about the address puts that on the suppression list, and fails the task as every refusal for good does.
 */
@Injectable()
export class MailDelivery {
  constructor(
    private readonly mailer: Mailer,
    private readonly suppressions: Suppressions,
  ) {}

  async deliver(ctx: ExternalContext, mail: OutgoingMail): Promise<Result<typeof SendEmail>> {
    const { template, to, category, content } = mail;
    const reason = await this.suppressions.reasonFor(to, category);
    if (reason) {
      emailMetrics.suppressed.inc({ template, reason });
      return { suppressed: reason };
    }
    const complete = { ...content, to, template, messageId: this.mailer.messageIdOf(ctx.id) };
    const send = () => this.mailer.send(complete, { signal: ctx.signal });
    const { messageId } = await ctx.once(() => send().catch((error: unknown) => this.failed(ctx, to, error)));
    return { messageId };
  }

  private async failed(ctx: ExternalContext, email: string, error: unknown): Promise<never> {
    if (error instanceof MailFailure && error.reply && isHardBounce(error.reply))
      await this.suppress(ctx, email, error.reply.text);
    return explain(error);
  }

  /** Without PostgreSQL the task fails all the same, and the next mail to the address bounces and tells it again. */
  private async suppress(ctx: ExternalContext, email: string, diagnostics: string): Promise<void> {
    const bounce = { email, scope: 'all', reason: 'hard-bounce', taskId: ctx.id, diagnostics } as const;
    try {
      await this.suppressions.add(bounce);
      ctx.log.info({}, 'The address takes no mail; it is on the suppression list now.');
    } catch (err) {
      ctx.log.warn({ err }, 'The address takes no mail, and could not be put on the suppression list.');
    }
  }
}

/** What a failure of the mail server means to the runtime: refused is for ever, unanswered is ambiguous, the rest may pass. */
function explain(error: unknown): never {
  if (!(error instanceof MailFailure)) throw error;
  if (!error.definite) throw new AmbiguousError(error.message, { cause: error });
  throw error.mayBeRetried ? error : new PermanentError(error.message, { cause: error });
}
