import { Client } from 'pg';
import { testServerUrl } from '../test-servers.js';

/**
 * Runs `work` on a connection to the server's own database and closes it. `urlOf` gives the URL of another database.
 *
 * @param server a superuser's URL; default TEST_DATABASE_URL.
 */
export async function administrate<T>(
  work: (client: Client, urlOf: (database: string) => string) => Promise<T>,
  server?: string,
): Promise<T> {
  const url = server ? new URL(server) : testServerUrl('TEST_DATABASE_URL');
  const client = new Client({ connectionString: url.href, application_name: 'test administration' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client, (database) => Object.assign(new URL(url), { pathname: `/${database}` }).href);
  } finally {
    await client.end();
  }
}

/** A name as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
