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

/** Statements that this process prepares no more. */
const unprepared = new Set<string>();

/**
 * Runs a statement of the hot path inside a transaction: prepared once, and without what TypeORM does around a query.
 *
 * A migration that changes what a statement answers makes PostgreSQL refuse it wherever it is prepared, and a pooler keeps
 * it so for all its clients, new ones too, until it renews its connections. So it is not prepared again after that.
 *
 * @throws {QueryFailedError} as TypeORM's own queries do.
 */
export async function runPrepared<Row>(
  tx: EntityManager,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  if (!tx.queryRunner || unprepared.has(statement.name)) return tx.query(statement.text, values);
  const client = (await tx.queryRunner.connect()) as Client;
  try {
    return (await client.query({ ...statement, values })).rows as Row[];
  } catch (error) {
    if (isStalePlan(error)) unprepared.add(statement.name);
    throw new QueryFailedError(statement.text, values, error as Error);
  }
}

/** "cached plan must not change result type"; the same code stands for features that PostgreSQL lacks. */
const isStalePlan = (error: unknown): boolean =>
  (error as { code?: unknown }).code === '0A000' && /cached plan/.test((error as Error).message);
