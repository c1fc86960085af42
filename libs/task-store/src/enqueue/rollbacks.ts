import type { QueryRunner } from 'typeorm';

/** How often PostgreSQL has rolled something back on one connection. */
export interface Rollbacks {
  count: number;
}

/** As much of node-postgres' client as is needed. */
interface Client {
  readonly connection: { on(event: 'commandComplete', listener: (message: { text: string }) => void): unknown };
}

const known = new WeakMap<Client, Rollbacks>();

/**
 * Counts the rollbacks of a connection from the first call on. PostgreSQL itself names them, in its answer to each statement:
 * the end of a transaction, a savepoint, however its SQL was sent, and a COMMIT that could not commit.
 *
 * @returns undefined when the runner has no connection yet, or none of node-postgres.
 */
export function rollbacksOn(runner: QueryRunner): Rollbacks | undefined {
  const { databaseConnection: client } = runner as { databaseConnection?: Client };
  if (typeof client?.connection?.on !== 'function') return undefined;
  const counted = known.get(client);
  if (counted) return counted;
  const rollbacks: Rollbacks = { count: 0 };
  known.set(client, rollbacks);
  client.connection.on('commandComplete', ({ text }) => {
    if (text === 'ROLLBACK') rollbacks.count += 1;
  });
  return rollbacks;
}
