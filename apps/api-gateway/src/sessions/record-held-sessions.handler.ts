import { RecordHeldSessions, SessionHeld } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import { Tasks } from '@mentorhub/tasks';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { sessionPageSize } from './session-page.js';
import { markHeld } from './session-rows.js';

/** Tells of sessions that took place. The mark on the row and the event commit together, so each is told once. */
@Controller()
export class RecordHeldSessionsHandler {
  constructor(private readonly tasks: Tasks) {}

  @TaskHandler(RecordHeldSessions)
  async run(
    _payload: Payload<typeof RecordHeldSessions>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof RecordHeldSessions>> {
    const page = await markHeld(ctx.tx, sessionPageSize);
    for (const { id, startsAt, heldAt } of page) {
      const fact = { sessionId: id, startsAt: startsAt.toISOString(), heldAt: heldAt.toISOString() };
      await this.tasks.publish(SessionHeld, fact, { tx: ctx.tx });
    }
    if (page.length === sessionPageSize)
      await ctx.enqueue(RecordHeldSessions, {}, { id: derivedId(ctx.id, 'next page') });
    return { held: page.length };
  }
}
