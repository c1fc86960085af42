import { RecordHeldSessions, SendSessionReminders } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { sessionPageSize } from './session-page.js';
import { reminderRequest } from './session-reminder.js';
import { unreminded, type Unreminded } from './session-rows.js';

/**
 * The hourly sweep: reminds of sessions that nobody enqueued a reminder for, such as rows imported by SQL.
 *
 * A page is one transaction: its small tasks and the page after it exist together or not at all, so a worker that dies in
 * the middle leaves nothing half done. A session's reminder has one id, whoever enqueues it, and marks its row under a lock:
 * nothing is doubled.
 */
@Controller()
export class SendSessionRemindersHandler {
  @TaskHandler(SendSessionReminders)
  async run(
    { after }: Payload<typeof SendSessionReminders>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof SendSessionReminders>> {
    const place = after && { startsAt: new Date(after.startsAt), id: after.sessionId };
    const page = await unreminded(ctx.tx, place, sessionPageSize);
    await ctx.enqueueMany(page.map(reminderRequest));
    if (!after) await ctx.enqueue(RecordHeldSessions, {}, { id: derivedId(ctx.id, RecordHeldSessions.name) });
    await this.goOn(page, ctx);
    return { found: page.length };
  }

  private async goOn(page: readonly Unreminded[], ctx: DatabaseContext): Promise<void> {
    const last = page.at(-1);
    if (!last || page.length < sessionPageSize) return;
    const after = { startsAt: last.startsAt.toISOString(), sessionId: last.id };
    await ctx.enqueue(SendSessionReminders, { after }, { id: derivedId(ctx.id, 'next page') });
  }
}
