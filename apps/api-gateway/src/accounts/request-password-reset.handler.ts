import { RequestPasswordReset, SendPasswordResetEmail } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/tasks/define';
import { TaskHandler, type DatabaseContext } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { issueToken } from './account-tokens.js';
import { lockUserByEmail } from './users.js';

/** Mails a link that sets a password, when there is an account; earlier links end. */
@Controller()
export class RequestPasswordResetHandler {
  @TaskHandler(RequestPasswordReset)
  async run(payload: Payload<typeof RequestPasswordReset>, ctx: DatabaseContext): Promise<void> {
    const user = await lockUserByEmail(ctx.tx, payload.email);
    if (!user) return;
    const token = await issueToken(ctx.tx, user.id, 'password-reset');
    const { email, username, locale } = user;
    await ctx.enqueue(SendPasswordResetEmail, { email, username, token, locale });
  }
}
