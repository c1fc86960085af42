import { RequestEmailVerification, SendVerificationEmail } from '@mentorhub/contracts';
import { InjectConfig } from '@mentorhub/service';
import type { Payload } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import type { GatewayConfig } from '../config.js';
import { issueRequestedToken } from './account-tokens.js';
import { lockUserByEmail } from './users.js';

/** Mails a new link to an account that is there and not verified yet; earlier links end. Beyond the limit of an account it does nothing. */
@Controller()
export class RequestEmailVerificationHandler {
  constructor(@InjectConfig() private readonly config: Pick<GatewayConfig, 'ACCOUNT_MAILS_PER_HOUR'>) {}

  @TaskHandler(RequestEmailVerification)
  async run(payload: Payload<typeof RequestEmailVerification>, ctx: DatabaseContext): Promise<void> {
    const user = await lockUserByEmail(ctx.tx, payload.email);
    if (!user || user.emailVerifiedAt) return;
    const token = await issueRequestedToken(ctx.tx, user.id, 'email-verification', this.config.ACCOUNT_MAILS_PER_HOUR);
    if (token === undefined)
      return ctx.log.info({}, 'No mail: its account has had enough of this kind within the hour.');
    const { email, username, locale } = user;
    await ctx.enqueue(SendVerificationEmail, { email, username, token, locale });
  }
}
