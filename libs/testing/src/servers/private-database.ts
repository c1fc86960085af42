import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { administrate } from '../database/administration.js';
import { createDatabase, type DatabaseOptions, type TestDatabase } from '../database/database.js';
import { localModule, newPlace, PrivateServer, type LocalServer, type Place } from './private-server.js';

interface LocalDatabase extends LocalServer {
  readonly url: string;
}

/**
 * A PostgreSQL of a test's own, to be broken.
 *
 * @example
 * const server = await PrivateDatabaseServer.create();
 * afterAll(() => server.remove());
 * const database = await server.createDatabase({ migrate });
 * await server.stop();
 * await server.start();
 */
export class PrivateDatabaseServer extends PrivateServer<LocalDatabase> {
  /** Takes some seconds. */
  static async create(): Promise<PrivateDatabaseServer> {
    return PrivateDatabaseServer.startAt(await newPlace('postgres'));
  }

  private static async startAt({ packages, ...place }: Place): Promise<PrivateDatabaseServer> {
    const { startPostgres } = await localModule<{ startPostgres(options: object): Promise<LocalDatabase> }>(
      'postgres.mjs',
    );
    return new PrivateDatabaseServer(await startPostgres({ ...place, copies: packages }), place.directory);
  }

  get url(): string {
    return this.local.url;
  }

  /**
   * Another server that follows this one by streaming and answers reads alone. What was committed here is there, too: the
   * replication is synchronous. Restarts this server.
   */
  async createStandby(): Promise<PrivateDatabaseServer> {
    const place = await newPlace('postgres-standby');
    await this.stop();
    const copied = spawnSync('cp', ['-a', `${this.directory}/.`, place.directory], { encoding: 'utf8' });
    if (copied.status !== 0) throw new Error(`The server's files could not be copied: ${copied.stderr}`);
    await this.start();
    follow(place.directory, this.url);
    const standby = await PrivateDatabaseServer.startAt(place);
    await this.run(`ALTER SYSTEM SET synchronous_standby_names = '*'`, 'SELECT pg_reload_conf()');
    return standby;
  }

  /** Makes a standby take writes; resolves when it does. */
  async promote(): Promise<void> {
    await this.run('SELECT pg_promote(true, 60)');
  }

  /** Restarts a former primary as one that follows another, and answers reads alone. */
  async becomeStandbyOf(primary: PrivateDatabaseServer): Promise<void> {
    await this.stop();
    follow(this.directory, primary.url);
    await this.start();
  }

  /** Runs statements on it as they are, whether or not it takes writes. */
  run(...statements: string[]): Promise<void> {
    return administrate(async (client) => {
      for (const statement of statements) await client.query(statement);
    }, this.url);
  }

  createDatabase(options: Pick<DatabaseOptions, 'migrate'> = {}): Promise<TestDatabase> {
    return createDatabase({ ...options, server: this.local.url });
  }
}

/** Has effect at the next start of the server in this folder. */
function follow(directory: string, primary: string): void {
  const { hostname, port, username, password } = new URL(primary);
  const data = join(directory, 'data');
  const connection = `host=${hostname} port=${port} user=${username} password=${password}`;
  appendFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`);
  writeFileSync(join(data, 'standby.signal'), '');
}
