import type { DataSourceOptions } from 'typeorm';
import type { Logger } from '../logging/create-logger.js';
import { endWhenSilent, type PooledClient } from './end-silent-connection.js';
import { writeTogether } from './pipelined-connection.js';
import { quietLogger } from './quiet-logger.js';

export interface DatabaseSettings {
  /** DATABASE_URL. */
  url: string;
  /** Shown in `pg_stat_activity`: the service's name. */
  applicationName: string;
  /** Entities beside those that `TypeOrmModule.forFeature` adds. */
  entities?: Extract<DataSourceOptions['entities'], unknown[]>;
  /** The schema of entities that name none; default: PostgreSQL's `public`. */
  schema?: string;
  /** Most connections; default 10. */
  poolSize?: number;
  /** A statement that runs longer is cancelled by PostgreSQL; default 60. */
  statementTimeoutSeconds?: number;
  /**
   * A connection on which nothing comes for this long is taken for lost. Default: longer than a statement or an idle
   * transaction may take, whichever is more, by 10 s; that is 100.
   */
  silenceSeconds?: number;
}

/** How long opening a connection, or waiting for a free one of the pool, may take. */
const connectTimeoutSeconds = 10;

/** A transaction that does nothing for this long is ended: its locks must not outlive a lost handler. */
const idleTransactionSeconds = 90;

/** After this long without traffic the kernel asks whether the other end is still there, once a second, ten times. */
const keepAliveSeconds = 10;

const silenceGraceSeconds = 10;

/** TypeORM's options as every service uses them: no synchronising, no query logging, bounded waits. */
export function databaseOptions(settings: DatabaseSettings, logger: Pick<Logger, 'info' | 'warn'>): DataSourceOptions {
  const { statementTimeoutSeconds = 60 } = settings;
  const longestAnswer = Math.max(statementTimeoutSeconds, idleTransactionSeconds);
  const { silenceSeconds = longestAnswer + silenceGraceSeconds } = settings;
  return {
    type: 'postgres',
    url: settings.url,
    applicationName: settings.applicationName,
    entities: settings.entities ?? [],
    ...(settings.schema === undefined ? {} : { schema: settings.schema }),
    poolSize: settings.poolSize ?? 10,
    connectTimeoutMS: connectTimeoutSeconds * 1000,
    synchronize: false,
    logging: false,
    logger: quietLogger,
    installExtensions: false,
    // A connection that breaks while idle is replaced by the pool; unhandled, its event would end the process.
    poolErrorHandler: (err: unknown) =>
      logger.warn(
        { away: 'PostgreSQL', err },
        'An idle connection to PostgreSQL broke; the pool opens a new one when needed.',
      ),
    extra: {
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveSeconds * 1000,
      onConnect: (client: PooledClient) => {
        surviveErrors(client);
        endWhenSilent(client, silenceSeconds);
        writeTogether(client);
        logger.info({ back: 'PostgreSQL' });
      },
      statement_timeout: statementTimeoutSeconds * 1000,
      idle_in_transaction_session_timeout: idleTransactionSeconds * 1000,
    },
  };
}

/**
 * PostgreSQL may end a connection in the moment that it becomes ready, after the pool has taken its own listener away and
 * before TypeORM has added one. The query that follows fails and tells; the event alone must not end the process.
 */
export function surviveErrors(client: Pick<PooledClient, 'on'>): void {
  client.on('error', () => undefined);
}
