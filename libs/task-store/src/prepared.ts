import { QueryFailedError, QueryRunnerAlreadyReleasedError, type EntityManager } from 'typeorm';

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
 * Runs a statement of the hot path: prepared once per connection, and without what TypeORM does around a query. Not for one whose
 * plan depends on how large tables are: a plan that was made while they were empty may stay for a minute.
 *
 * A migration that changes what a statement answers makes PostgreSQL refuse it wherever it is prepared, and a pooler keeps
 * it so for all its clients, new ones too, until it renews its connections. So it is not prepared again after that.
 *
 * @throws {QueryFailedError | QueryRunnerAlreadyReleasedError} as TypeORM's own queries do.
 */
export async function runPrepared<Row>(
  manager: EntityManager,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  if (unprepared.has(statement.name)) return manager.query(statement.text, values);
  const runner = manager.queryRunner ?? manager.dataSource.createQueryRunner();
  const client = (await runner.connect()) as Client;
  // TypeORM's own queries look, its `connect` does not: the connection of a transaction that is over is somebody else's.
  if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
  try {
    return (await client.query({ ...statement, values })).rows as Row[];
  } catch (error) {
    if (isStalePlan(error)) unprepared.add(statement.name);
    throw new QueryFailedError(statement.text, values, error as Error);
  } finally {
    if (!manager.queryRunner) await runner.release();
  }
}

/** "cached plan must not change result type"; the same code stands for features that PostgreSQL lacks. */
const isStalePlan = (error: unknown): boolean =>
  (error as { code?: unknown }).code === '0A000' && /cached plan/.test((error as Error).message);
