import { CleanupExpiredTokens } from '@mentorhub/contracts';
import type { Payload } from '@mentorhub/tasks/define';
import { TaskHandler, type TaskContext } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { deleteExpiredKeys } from '../idempotency/delete-expired-keys.js';
import { deleteOldTokens } from './account-tokens.js';

const batchSize = 1000;

/** Deletes what nobody can use any more: tokens a day after their end, idempotency keys after theirs. */
@Controller()
export class CleanupExpiredTokensHandler {
  constructor(private readonly dataSource: DataSource) {}

  @TaskHandler(CleanupExpiredTokens)
  async run(
    _payload: Payload<typeof CleanupExpiredTokens>,
    { signal, log }: TaskContext,
  ): Promise<{ deleted: number }> {
    const deleted = await this.inBatches(deleteOldTokens, signal);
    const keys = await this.inBatches(deleteExpiredKeys, signal);
    log.info({ tokens: deleted, idempotencyKeys: keys }, 'Deleted expired tokens and idempotency keys.');
    return { deleted };
  }

  /** Each batch is a transaction of its own: short locks, and what is deleted stays so when the time limit comes. */
  private async inBatches(
    remove: (manager: EntityManager, limit: number) => Promise<number>,
    signal: AbortSignal,
  ): Promise<number> {
    let total = 0;
    for (let last = batchSize; last === batchSize && !signal.aborted; total += last)
      last = await remove(this.dataSource.manager, batchSize);
    return total;
  }
}
