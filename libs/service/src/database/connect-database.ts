import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { databaseFaultOf, isPassingFault } from '../database-faults/index.js';
import type { Logger } from '../logging/create-logger.js';
import { serialiseError } from '../logging/serialise-error.js';
import { closeFaultyConnections } from './close-faulty-connections.js';
import { describeUrl, explainConnectionFault } from './connection-fault.js';
import { assertWritable } from './database-probe.js';
import { pipelineTransactions } from './pipelined-connection.js';
import { beginWith, isPooled, splitLimits } from './pooler.js';
import { nameConnectionFaults } from './unreachable-database.js';

export interface ConnectOptions {
  logger: Pick<Logger, 'warn'>;
  /** Ends the waiting; its reason is thrown. */
  signal?: AbortSignal;
  /** The environment variable that the URL is from, which a refusal names. Default: DATABASE_URL. */
  variable?: string;
}

/** The pause between two attempts. */
const retrySeconds = 0.5;

/**
 * Opens the pool, waiting for PostgreSQL as long as it takes while it is away, starting, or takes no writes.
 * @throws {ConfigError} when PostgreSQL is there and refuses the user, the password or the database.
 */
export async function connectDatabase(
  options: DataSourceOptions,
  { logger, signal, variable = 'DATABASE_URL' }: ConnectOptions,
): Promise<DataSource> {
  const url = (options as { url: string }).url;
  const { host } = describeUrl(url);
  for (;;) {
    signal?.throwIfAborted();
    const result = await attempt(options, url, variable);
    if (!('fault' in result)) {
      nameConnectionFaults(result.dataSource);
      closeFaultyConnections(result.dataSource);
      pipelineTransactions(result.dataSource, result.begin);
      if (result.pooled) await warnOfNoLimit(result.dataSource, logger);
      return result.dataSource;
    }
    const { code, message } = serialiseError(result.fault);
    logger.warn(
      { away: 'PostgreSQL', host, reason: code ?? message },
      databaseFaultOf(result.fault) === 'read-only'
        ? `Waiting for PostgreSQL at ${host}: it takes no writes yet.`
        : `Waiting for PostgreSQL at ${host}: it does not accept connections yet.`,
    );
    await delay(retrySeconds * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

interface Connected {
  readonly dataSource: DataSource;
  readonly pooled: boolean;
  /** Begins a transaction. */
  readonly begin: string;
}

async function attempt(
  options: DataSourceOptions,
  url: string,
  variable: string,
): Promise<Connected | { fault: unknown }> {
  let dataSource: DataSource | undefined;
  try {
    const pooled = await isPooled(options);
    const { options: unlimited, limits } = splitLimits(options);
    const opened = (dataSource = await new DataSource(pooled ? unlimited : options).initialize());
    await assertWritable((sql) => opened.query(sql));
    return { dataSource: opened, pooled, begin: beginWith(pooled ? limits : {}) };
  } catch (fault) {
    await dataSource?.destroy();
    if (isPassingFault(fault)) return { fault };
    throw explainConnectionFault(fault, url, variable);
  }
}

/** A transaction brings its limits along; a statement by itself has only those that the role has in PostgreSQL. */
async function warnOfNoLimit(dataSource: DataSource, logger: ConnectOptions['logger']): Promise<void> {
  const sql = `SELECT current_user AS role, current_setting('statement_timeout') AS "limit"`;
  const [row] = await dataSource.query<{ role: string; limit: string }[]>(sql);
  if (row?.limit !== '0') return;
  logger.warn(
    { role: row.role },
    `A pooler stands before PostgreSQL and the role ${row.role} has no statement_timeout, so a statement outside of a transaction may run for ever. Run: ALTER ROLE "${row.role}" SET statement_timeout = '60s'.`,
  );
}
