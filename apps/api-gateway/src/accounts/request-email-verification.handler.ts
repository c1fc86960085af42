import { RequestEmailVerification, SendVerificationEmail } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/tasks/define';
import { TaskHandler, type DatabaseContext } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { issueToken } from './account-tokens.js';
import { lockUserByEmail } from './users.js';

/** Mails a new link to an account that is there and not verified yet; earlier links end. */
@Controller()
export class RequestEmailVerificationHandler {
  @TaskHandler(RequestEmailVerification)
  async run(payload: Payload<typeof RequestEmailVerification>, ctx: DatabaseContext): Promise<void> {
    const user = await lockUserByEmail(ctx.tx, payload.email);
    if (!user || user.emailVerifiedAt) return;
    const token = await issueToken(ctx.tx, user.id, 'email-verification');
    const { email, username, locale } = user;
    await ctx.enqueue(SendVerificationEmail, { email, username, token, locale });
  }
}
