import { QueryFailedError, type DataSource, type QueryRunner } from 'typeorm';
import type { PooledClient } from './end-silent-connection.js';

/** As much of node-postgres' client as is needed here. */
interface QueryingClient extends PooledClient {
  query(...args: unknown[]): unknown;
}

/** The code had swallowed an SQL error, after which PostgreSQL answers COMMIT by a ROLLBACK. */
export class TransactionRolledBackError extends Error {
  override readonly name = 'TransactionRolledBackError';

  constructor() {
    super(
      'PostgreSQL rolled the transaction back instead of committing it: a statement in it had failed, and the error was caught. Let it through, or use a savepoint.',
    );
  }
}

/** Statements that are sent in one go reach the socket as one write: a system call costs more than most statements. */
export function writeTogether(client: PooledClient): void {
  const { stream } = client.connection;
  const querying = client as QueryingClient;
  const query = querying.query.bind(querying);
  querying.query = (...args) => {
    stream.cork();
    process.nextTick(() => stream.uncork());
    return query(...args);
  };
}

/**
 * Sends the BEGIN of every transaction together with its first statement, instead of waiting for its answer, and tells a
 * COMMIT that was answered by a ROLLBACK, which TypeORM takes for success. The clients must have `pipeline: true`.
 *
 * @param beginning what begins a transaction: START TRANSACTION, and what is to hold in each of them.
 */
export function pipelineTransactions(dataSource: DataSource, beginning: string): void {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => pipelined(create(mode), beginning);
}

function pipelined(runner: QueryRunner, beginning: string): QueryRunner {
  const query: QueryRunner['query'] = runner.query.bind(runner);
  const transacting = async (sql: string): Promise<unknown> => {
    const client = (await runner.connect()) as QueryingClient;
    return sql === 'COMMIT' ? commit(client) : begin(client, beginning);
  };
  runner.query = ((sql: string, ...rest: []) =>
    sql === 'START TRANSACTION' || sql === 'COMMIT' ? transacting(sql) : query(sql, ...rest)) as QueryRunner['query'];
  return runner;
}

/** What follows on a connection whose BEGIN failed would each commit by itself, so there is no such connection any more. */
function begin(client: QueryingClient, beginning: string): void {
  const began = client.query(beginning) as Promise<unknown>;
  began.catch((error: Error) => client.connection.stream.destroy(error));
}

async function commit(client: QueryingClient): Promise<void> {
  const { command } = await (client.query('COMMIT') as Promise<{ command: string }>).catch((error: Error) => {
    throw new QueryFailedError('COMMIT', [], error);
  });
  if (command === 'ROLLBACK') throw new TransactionRolledBackError();
}
