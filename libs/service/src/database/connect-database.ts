import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { databaseFaultOf, isPassingFault } from '../database-faults/index.js';
import type { Logger } from '../logging/create-logger.js';
import { serialiseError } from '../logging/serialise-error.js';
import { closeFaultyConnections } from './close-faulty-connections.js';
import { describeUrl, explainConnectionFault } from './connection-fault.js';
import { assertWritable } from './database-probe.js';
import { pipelineTransactions } from './pipelined-connection.js';
import { nameConnectionFaults } from './unreachable-database.js';

export interface ConnectOptions {
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Ends the waiting; its reason is thrown. */
  signal?: AbortSignal;
}

/** The pause between two attempts. */
const retrySeconds = 0.5;
/** Waiting is mentioned at once and then this often. */
const reminderSeconds = 10;

/**
 * Opens the pool, waiting for PostgreSQL as long as it takes while it is away, starting, or takes no writes.
 * @throws {ConfigError} when PostgreSQL is there and refuses the user, the password or the database.
 */
export async function connectDatabase(
  options: DataSourceOptions,
  { logger, signal }: ConnectOptions,
): Promise<DataSource> {
  const url = (options as { url: string }).url;
  const reminder = waitingReminder(logger, describeUrl(url).host);
  for (;;) {
    signal?.throwIfAborted();
    const result = await attempt(options, url);
    if (result instanceof DataSource) {
      reminder.over();
      nameConnectionFaults(result);
      closeFaultyConnections(result);
      pipelineTransactions(result);
      return result;
    }
    reminder.waiting(result.fault);
    await delay(retrySeconds * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

async function attempt(options: DataSourceOptions, url: string): Promise<DataSource | { fault: unknown }> {
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
    await assertWritable((sql) => dataSource.query(sql));
    return dataSource;
  } catch (fault) {
    if (dataSource.isInitialized) await dataSource.destroy();
    if (isPassingFault(fault)) return { fault };
    throw explainConnectionFault(fault, url);
  }
}

function waitingReminder(logger: ConnectOptions['logger'], host: string) {
  let lastMentioned = Number.NEGATIVE_INFINITY;
  return {
    waiting(fault: unknown) {
      if (performance.now() - lastMentioned < reminderSeconds * 1000) return;
      lastMentioned = performance.now();
      const { code, message } = serialiseError(fault);
      logger.warn(
        { host, reason: code ?? message },
        `Waiting for PostgreSQL at ${host}: it ${databaseFaultOf(fault) === 'read-only' ? 'takes no writes' : 'does not accept connections'} yet.`,
      );
    },
    over() {
      if (lastMentioned > 0) logger.info({ host }, `PostgreSQL at ${host} accepts connections.`);
    },
  };
}
