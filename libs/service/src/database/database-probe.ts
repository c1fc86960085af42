import { Client, Pool, type ClientBase, type ClientConfig } from 'pg';
import { surviveErrors } from './database-options.js';

/** PostgreSQL answers, but nothing can be written: it is a standby, was demoted, or was made read-only. */
export class ReadOnlyDatabaseError extends Error {
  override readonly name = 'ReadOnlyDatabaseError';
  readonly code = '25006';

  constructor() {
    super('PostgreSQL takes no writes: it is a standby, or was made read-only');
  }
}

/** @throws {ReadOnlyDatabaseError} */
export async function assertWritable(query: (sql: string) => Promise<unknown[]>): Promise<void> {
  // True in recovery as well, whatever was set.
  const [row] = await query(`SELECT current_setting('transaction_read_only')::bool AS read_only`);
  if ((row as { read_only: boolean }).read_only) throw new ReadOnlyDatabaseError();
}

const checkMs = 1_500;
const lookMs = 5_000;

/**
 * Answers whether PostgreSQL can be worked with, on a connection of its own: asked through the service's pool, a pool that
 * is merely busy would look like a database that is down. One that answers and takes no writes counts as away.
 */
export class DatabaseProbe {
  private readonly options: ClientConfig;
  private readonly pool: Pool;

  constructor(url: string, applicationName: string) {
    this.options = { connectionString: url, application_name: `${applicationName} probe` };
    const bounds = { connectionTimeoutMillis: checkMs, query_timeout: checkMs };
    this.pool = new Pool({ ...this.options, ...bounds, max: 1, idleTimeoutMillis: 30_000 });
    // The next check opens a new connection. One that is in use is not watched by its pool.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', surviveErrors);
  }

  /** For readiness, which asks often: on a connection that is kept. True when well; throws why not. */
  async check(): Promise<boolean> {
    const client = await this.pool.connect();
    try {
      await ask(client);
      client.release();
      return true;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** After a doubt: on a new connection, since an old one may lead to a server that is no longer the right one. */
  async look(): Promise<void> {
    const client = new Client({ ...this.options, connectionTimeoutMillis: lookMs, query_timeout: lookMs });
    surviveErrors(client);
    try {
      await client.connect();
      await ask(client);
    } finally {
      void client.end().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

const ask = (client: ClientBase): Promise<void> => assertWritable(async (sql) => (await client.query(sql)).rows);
