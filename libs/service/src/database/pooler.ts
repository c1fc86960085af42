import type { DataSourceOptions } from 'typeorm';
import { Client } from 'pg';

/**
 * Whether a pooler such as PgBouncer stands between us and PostgreSQL. In transaction pooling a client has a server
 * connection for one transaction only, so nothing may be left on the session: no startup parameters, SET or session locks.
 *
 * PostgreSQL tells every client the id of the process that serves it. A pooler, which does not know yet who will serve the
 * client, makes one up.
 */
export async function isPooled(options: DataSourceOptions): Promise<boolean> {
  const { url, applicationName, connectTimeoutMS } = options as PostgresOptions;
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMS,
    query_timeout: connectTimeoutMS,
  });
  client.on('error', () => undefined); // what fails rejects below
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return rows[0]?.pid !== toldProcessOf(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The id of the serving process, as it was told at the start of the connection. */
export const toldProcessOf = (client: unknown): number | undefined => (client as { processID?: number }).processID;

/** The limits that a session begins with; behind a pooler each transaction sets them for itself. */
export interface SessionLimits {
  readonly statement_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
}

/** Takes the limits of sessions out of the options: a pooler refuses them, or ignores them. */
export function splitLimits(options: DataSourceOptions): { options: DataSourceOptions; limits: SessionLimits } {
  const { statement_timeout, idle_in_transaction_session_timeout, ...extra } = (options as PostgresOptions).extra ?? {};
  return {
    options: { ...options, extra },
    limits: { statement_timeout, idle_in_transaction_session_timeout },
  };
}

/** The statements that begin a transaction with these limits, in milliseconds; they hold for it alone. */
export function beginWith(limits: SessionLimits): string {
  const settings = Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `SET LOCAL ${name} = ${Number(value)}`);
  return ['START TRANSACTION', ...settings].join('; ');
}

interface PostgresOptions {
  readonly url?: string;
  readonly applicationName?: string;
  readonly connectTimeoutMS?: number;
  readonly extra?: SessionLimits & Record<string, unknown>;
}
