import { CleanupExpiredTokens } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import type { Payload, Result } from '@mentorhub/task-contracts';
import { TaskHandler, type DatabaseContext } from '@mentorhub/task-worker';
import { Controller } from '@nestjs/common';
import { deleteExpiredKeys } from '../idempotency/delete-expired-keys.js';
import { deleteOldTokens } from './account-tokens.js';

const batchSize = 1000;

/**
 * Deletes what nobody can use any more: tokens a day after their end, idempotency keys after theirs. A batch is one task and
 * one transaction, with short locks; while there is more, it enqueues the next one, and a worker that dies leaves both or
 * neither.
 */
@Controller()
export class CleanupExpiredTokensHandler {
  @TaskHandler(CleanupExpiredTokens)
  async run(
    _payload: Payload<typeof CleanupExpiredTokens>,
    ctx: DatabaseContext,
  ): Promise<Result<typeof CleanupExpiredTokens>> {
    const deleted = await deleteOldTokens(ctx.tx, batchSize);
    const keys = await deleteExpiredKeys(ctx.tx, batchSize);
    ctx.log.info({ tokens: deleted, idempotencyKeys: keys }, 'Deleted expired tokens and idempotency keys.');
    if (Math.max(deleted, keys) === batchSize)
      await ctx.enqueue(CleanupExpiredTokens, {}, { id: derivedId(ctx.id, 'next batch') });
    return { deleted };
  }
}
