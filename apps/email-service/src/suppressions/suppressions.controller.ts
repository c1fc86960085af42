import { LiftSuppression, UnsubscribeEmail } from '@mentorhub/contracts';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { Suppressions } from './suppressions.js';

/** Runs the tasks that change the suppression list. */
@Controller()
export class SuppressionsController {
  constructor(private readonly suppressions: Suppressions) {}

  @TaskHandler(UnsubscribeEmail)
  async unsubscribe({ email, category }: Payload<typeof UnsubscribeEmail>, ctx: DatabaseContext): Promise<void> {
    await this.suppressions.add({ email, scope: category, reason: 'unsubscribed', taskId: ctx.id }, ctx.tx);
  }

  @TaskHandler(LiftSuppression)
  async lift(
    { email, reason }: Payload<typeof LiftSuppression>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof LiftSuppression>> {
    return { lifted: await this.suppressions.lift(ctx.tx, email, reason) };
  }
}
