import type { EntityManager } from 'typeorm';

const longestWaitMs = 5_000;

/**
 * Ends the connection that a transaction runs on, from the server's side: a statement that runs or waits for a lock is
 * ended too, and PostgreSQL rolls the transaction back. Resolves when it has, and its locks are free; never rejects.
 */
export async function endTransaction(tx: EntityManager): Promise<void> {
  const runner = tx.queryRunner as { databaseConnection?: { processID?: number } } | undefined;
  const pid = runner?.databaseConnection?.processID;
  if (pid !== undefined)
    await tx.connection.query(`SELECT pg_terminate_backend($1, $2)`, [pid, longestWaitMs]).catch(() => undefined);
}
