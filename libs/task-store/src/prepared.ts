import { QueryFailedError, type EntityManager } from 'typeorm';

/** A statement that PostgreSQL parses once per connection, under this name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** As much of node-postgres' client as is needed; TypeORM has no way to name a statement. */
interface Client {
  query(config: PreparedStatement & { values: readonly unknown[] }): Promise<{ rows: unknown[] }>;
}

/**
 * Runs a statement of the hot path inside a transaction: prepared once, and without what TypeORM does around a query.
 *
 * @throws {QueryFailedError} as TypeORM's own queries do.
 */
export async function runPrepared<Row>(
  tx: EntityManager,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  if (!tx.queryRunner) return tx.query(statement.text, values);
  const client = (await tx.queryRunner.connect()) as Client;
  try {
    return (await client.query({ ...statement, values })).rows as Row[];
  } catch (error) {
    throw new QueryFailedError(statement.text, values, error as Error);
  }
}
