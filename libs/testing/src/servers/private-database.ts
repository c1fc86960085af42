import { createDatabase, type DatabaseOptions, type TestDatabase } from '../database/database.js';
import { localModule, newPlace, PrivateServer, type LocalServer } from './private-server.js';

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
    const { packages, ...place } = await newPlace('postgres');
    const { startPostgres } = await localModule<{ startPostgres(options: object): Promise<LocalDatabase> }>(
      'postgres.mjs',
    );
    return new PrivateDatabaseServer(await startPostgres({ ...place, copies: packages }), place.directory);
  }

  get url(): string {
    return this.local.url;
  }

  createDatabase(options: Pick<DatabaseOptions, 'migrate'> = {}): Promise<TestDatabase> {
    return createDatabase({ ...options, server: this.local.url });
  }
}
