import type { Client } from 'pg';
import { administrate, quoted } from './administration.js';

const known = new Map<string, Promise<string>>();

/**
 * Makes sure that the template database exists and returns its name. The first caller of the run builds it; the
 * others wait, in whichever process they are.
 */
export function ensureTemplate(template: string, migrate: (url: string) => Promise<void>): Promise<string> {
  const existing = known.get(template);
  if (existing) return existing;
  const building = administrate((client, urlOf) => build(client, `template_${runId()}_${template}`, migrate, urlOf));
  known.set(template, building);
  building.catch(() => known.delete(template));
  return building;
}

async function build(
  client: Client,
  name: string,
  migrate: (url: string) => Promise<void>,
  urlOf: (database: string) => string,
): Promise<string> {
  await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount) return name;
  // Built under another name: what a killed run left half-migrated is never taken for a template.
  const draft = `${name}_draft`;
  await client.query(`DROP DATABASE IF EXISTS ${quoted(draft)} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${quoted(draft)}`);
  await migrate(urlOf(draft));
  await seal(client, draft, name);
  return name;
}

/** A database that somebody is connected to can be neither renamed nor copied. */
async function seal(client: Client, draft: string, name: string): Promise<void> {
  await client.query(`ALTER DATABASE ${quoted(draft)} ALLOW_CONNECTIONS false`);
  await client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [draft]);
  await client.query(`ALTER DATABASE ${quoted(draft)} RENAME TO ${quoted(name)}`);
}

/** The workers of a run share a template; a later run, whose migrations may differ, must not find it. */
function runId(): string {
  return process.env['TEST_RUN_ID'] ?? `p${process.pid}`;
}
