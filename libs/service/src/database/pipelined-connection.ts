import { setImmediate as nextTurn } from 'node:timers/promises';
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

/** What would be sent now would commit by itself, whatever becomes of the transaction that it was meant for. */
export class TransactionEndingError extends Error {
  override readonly name = 'TransactionEndingError';

  constructor() {
    super(
      'The transaction is being ended, and nothing can join it any more: await all that belongs to it before it ends.',
    );
  }
}

/** How many statements of a connection are not answered. */
const unanswered = new WeakMap<object, number>();

/** Statements that are sent in one go reach the socket as one write: a system call costs more than most statements. */
export function writeTogether(client: PooledClient): void {
  const { stream } = client.connection;
  const querying = client as QueryingClient;
  const query = querying.query.bind(querying);
  const count = (more: number) => unanswered.set(client, (unanswered.get(client) ?? 0) + more);
  const answered = () => void count(-1);
  querying.query = (...args) => {
    stream.cork();
    process.nextTick(() => stream.uncork());
    const answer = query(...args);
    if (answer instanceof Promise) {
      count(1);
      answer.then(answered, answered);
    }
    return answer;
  };
}

/**
 * Sends the BEGIN of every transaction together with its first statement, instead of waiting for its answer; tells a COMMIT that
 * was answered by a ROLLBACK, which TypeORM takes for success; and refuses what would be sent behind the COMMIT or ROLLBACK
 * of a transaction before that is answered. The clients must have `pipeline: true`.
 *
 * @param beginning what begins a transaction: START TRANSACTION, and what is to hold in each of them.
 */
export function pipelineTransactions(dataSource: DataSource, beginning: string): void {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => pipelined(create(mode), beginning);
}

async function send(client: QueryingClient, sql: string): Promise<string> {
  try {
    return (await (client.query(sql) as Promise<{ command: string }>)).command;
  } catch (error) {
    throw new QueryFailedError(sql, [], error as Error);
  }
}

function pipelined(runner: QueryRunner, beginning: string): QueryRunner {
  const query: QueryRunner['query'] = runner.query.bind(runner);
  const connect = runner.connect.bind(runner);
  let ending = false;
  let asked = 0;
  let beginsUnanswered = 0;
  // Each statement asks for the connection first, also one that is prepared. No later than without this: what was asked for
  // before the end is sent before it.
  runner.connect = () => (ending ? Promise.reject(new TransactionEndingError()) : connect());

  /** What the answers of others ask for that come together with this one's is refused too. */
  const end = async (sql: string): Promise<string> => {
    ending = true;
    let others = asked > 0;
    try {
      const client = (await connect()) as QueryingClient;
      others ||= (unanswered.get(client) ?? 0) > beginsUnanswered;
      if (others) await nextTurn();
      return await send(client, sql);
    } finally {
      if (others) await nextTurn();
      ending = false;
    }
  };

  const counted = async (sql: string, rest: []): Promise<unknown> => {
    asked += 1;
    return query(sql, ...rest).finally(() => (asked -= 1));
  };

  /** What follows on a connection whose BEGIN failed would each commit by itself, so there is no such connection any more. */
  const begin = async (): Promise<void> => {
    const client = (await connect()) as QueryingClient;
    beginsUnanswered += 1;
    const began = client.query(beginning) as Promise<unknown>;
    began.catch((error: Error) => client.connection.stream.destroy(error)).finally(() => (beginsUnanswered -= 1));
  };

  runner.query = (async (sql: string, ...rest: []) => {
    if (sql === 'START TRANSACTION') return begin();
    if (sql !== 'COMMIT' && sql !== 'ROLLBACK') return counted(sql, rest);
    const command = await end(sql);
    if (command !== sql) throw new TransactionRolledBackError();
    return undefined;
  }) as QueryRunner['query'];
  return runner;
}
