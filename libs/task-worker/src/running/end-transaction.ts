import { endConnection, type EndableClient } from '@mentorhub/service';
import type { EntityManager } from 'typeorm';

/**
 * Ends the connection that a transaction runs on: a statement that runs or waits for a lock is ended too, and PostgreSQL rolls
 * the transaction back. Resolves when it has, and its locks are free, or after some seconds; never rejects.
 */
export async function endTransaction(tx: EntityManager): Promise<void> {
  const runner = tx.queryRunner as { databaseConnection?: EndableClient } | undefined;
  if (runner?.databaseConnection) await endConnection(runner.databaseConnection);
}
