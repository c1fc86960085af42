import { RemindOfSession } from '@mentorhub/contracts';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { reminderMails } from './reminder-mails.js';
import { reminderOutcome } from './reminder-outcome.js';
import { databaseNow, lockSession } from './session-rows.js';
import { Session } from './session.entity.js';

/**
 * Reminds of one version of a session, once. It reads the row under its lock, so a move or a cancellation that came first
 * has won; the mails and the mark that they exist commit together.
 */
@Controller()
export class RemindOfSessionHandler {
  @TaskHandler(RemindOfSession)
  async run(
    { sessionId, version }: Payload<typeof RemindOfSession>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof RemindOfSession>> {
    const session = await lockSession(ctx.tx, sessionId);
    // Asked for after the lock, for which this may have waited.
    const outcome = reminderOutcome(session, version, await databaseNow(ctx.tx));
    if (session && outcome === 'reminded') await this.remind(session, ctx);
    return { outcome };
  }

  private async remind(session: Session, ctx: DatabaseContext): Promise<void> {
    await ctx.tx.update(Session, session.id, { remindedVersion: session.version });
    await ctx.enqueueMany(await reminderMails(ctx.tx, session));
  }
}
