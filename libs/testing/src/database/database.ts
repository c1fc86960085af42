import { randomBytes } from 'node:crypto';
import { Pool, type QueryResultRow } from 'pg';
import { administrate, quoted } from './administration.js';
import { ensureTemplate } from './template.js';

export interface DatabaseOptions {
  /** Creates the schemas in the database at `url`; has to close its connections before it returns. */
  migrate?: (url: string) => Promise<void>;
  /**
   * Name under which the migrated database is kept for the whole run, so that `migrate` runs once and every other
   * test file gets a copy. One name stands for one `migrate`. Without a name `migrate` runs on each database.
   */
  template?: string;
  /** A superuser's URL of another server; templates are kept on the default one alone. */
  server?: string;
}

/** A database of a test's own. */
export interface TestDatabase {
  /** A superuser's URL. */
  url: string;
  name: string;
  /** Runs one statement, returns its rows. */
  query<Row extends QueryResultRow = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Drops the database, whoever is still connected. */
  remove(): Promise<void>;
}

/**
 * Creates a database on the server at TEST_DATABASE_URL, or on the given one.
 *
 * @throws Error when TEST_DATABASE_URL is not set or the server does not answer.
 * @example
 * const database = await createDatabase({ template: 'tasks', migrate: (url) => migrateTaskStore(url) });
 * afterAll(() => database.remove());
 */
export async function createDatabase({ migrate, template, server }: DatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = migrate && template && !server ? await ensureTemplate(template, migrate) : undefined;
  const copy = source ? `TEMPLATE ${quoted(source)}` : '';
  const url = await administrate(
    (client, urlOf) => client.query(`CREATE DATABASE ${quoted(name)} ${copy}`).then(() => urlOf(name)),
    server,
  );
  if (migrate && !source) await migrate(url);
  return new Database(name, url, server);
}

class Database implements TestDatabase {
  private readonly pool: Pool;

  constructor(
    readonly name: string,
    readonly url: string,
    private readonly server?: string,
  ) {
    this.pool = new Pool({ connectionString: url, max: 2, application_name: 'test' });
    // Tests stop servers and end backends on purpose: an idle connection that breaks is no failure of the test.
    this.pool.on('error', () => undefined);
  }

  async query<Row extends QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, parameters)).rows;
  }

  async remove(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
    const drop = `DROP DATABASE IF EXISTS ${quoted(this.name)} WITH (FORCE)`;
    await administrate((client) => client.query(drop), this.server);
  }
}
