import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const longestWaitMs = 10_000;

/** A database and a vhost of a cell's own on the run's servers, so that no cell finds what another left. */
export async function cellServers(servers) {
  const name = `cell_${randomBytes(6).toString('hex')}`;
  await administrate(servers.databaseUrl, `CREATE DATABASE ${name}`);
  const databaseUrl = withPath(servers.databaseUrl, name);
  await administrate(databaseUrl, `CREATE TABLE public.ledger (n integer NOT NULL, note text NOT NULL)`);
  await vhost('PUT', servers, name);
  // Pages that another cell left dirty are not to be written at the cost of this one.
  await administrate(servers.databaseUrl, 'CHECKPOINT');
  return {
    servers: { ...servers, databaseUrl, amqpUrl: withPath(servers.amqpUrl, name) },
    remove: async () => {
      await untilUnused(servers.databaseUrl, name);
      await administrate(servers.databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      await vhost('DELETE', servers, name);
    },
  };
}

/**
 * A pool of node-postgres says that it has ended before its connections have. One that is ended by force in between is an error that
 * nobody handles, which ended the process of a cell, and with it the figure.
 */
async function untilUnused(url, name) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sql = 'SELECT FROM pg_stat_activity WHERE datname = $1';
  for (let waited = 0; waited < longestWaitMs && (await client.query(sql, [name])).rowCount > 0; waited += 20)
    await pause(20);
  await client.end();
}

async function administrate(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

const withPath = (url, name) => Object.assign(new URL(url), { pathname: `/${name}` }).href;

/** The user that creates a vhost through the management API may do everything in it. */
async function vhost(method, { managementUrl }, name) {
  const { username, password } = new URL(managementUrl);
  const url = Object.assign(new URL(`/api/vhosts/${name}`, managementUrl), { username: '', password: '' });
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(url, { method, headers: { authorization } });
  if (!response.ok) throw new Error(`RabbitMQ answered ${response.status} to ${method} of a vhost.`);
}
