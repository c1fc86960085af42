import { localModule, newPlace, PrivateServer, type LocalServer } from './private-server.js';

interface PoolerPackages {
  noPgBouncer(): string | undefined;
  pgBouncerBinary(options: { packages: string }): Promise<string>;
}

interface LocalPooler extends LocalServer {
  readonly url: string;
}

/**
 * A PgBouncer of a test's own, in transaction pooling, before a PostgreSQL.
 *
 * @example
 * const pooler = await PrivatePooler.create(database.url);
 * afterAll(() => pooler.remove());
 * const dataSource = await connectDatabase(databaseOptions({ url: pooler.url, … }), { logger });
 */
export class PrivatePooler extends PrivateServer<LocalPooler> {
  /**
   * Why this machine cannot have one, as the end of a sentence; undefined when it can. The first who asks downloads it, so ask
   * before any test begins.
   */
  static async missing(): Promise<string | undefined> {
    const { noPgBouncer, pgBouncerBinary } = await localModule<PoolerPackages>('pgbouncer-binary.mjs');
    const { packagesDirectory } = await localModule<{ packagesDirectory(): string }>('server-home.mjs');
    try {
      return noPgBouncer() ?? void (await pgBouncerBinary({ packages: packagesDirectory() }));
    } catch (error) {
      return `PgBouncer could not be downloaded: ${(error as Error).message}`;
    }
  }

  /**
   * @param database a superuser's URL
   * @param settings of pgbouncer.ini beside the tests' own
   */
  static async create(database: string, settings: Record<string, string | number> = {}): Promise<PrivatePooler> {
    const place = await newPlace('pgbouncer');
    const { startPgBouncer } = await localModule<{ startPgBouncer(options: object): Promise<LocalPooler> }>(
      'pgbouncer.mjs',
    );
    return new PrivatePooler(await startPgBouncer({ ...place, database, settings }), place.directory);
  }

  /** The same database, user and password, through the pooler. */
  get url(): string {
    return this.local.url;
  }
}
