import {
  createDatabase,
  eventually,
  eventuallyPasses,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from '@mentorhub/testing';
import type { DataSource, QueryRunner } from 'typeorm';
import { ConfigError } from '../config/config-error.js';
import { createLogger } from '../logging/create-logger.js';
import { connectDatabase } from './connect-database.js';
import { databaseOptions } from './database-options.js';
import { TransactionEndingError } from './pipelined-connection.js';
import { migrateDatabase } from './migrate-command.js';

/** The sentences of a log. */
class Recorder {
  readonly lines: string[] = [];
  readonly log = createLogger('connect-spec', { LOG_LEVEL: 'info', LOG_PRETTY: false }, this);

  write(line: string): void {
    this.lines.push((JSON.parse(line) as { msg: string }).msg);
  }
}

function computeFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('connecting to PostgreSQL', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let logger: Recorder;
  const connect = (url: string, signal?: AbortSignal): Promise<DataSource> =>
    connectDatabase(databaseOptions({ url, applicationName: 'connect-spec' }, logger.log), {
      logger: logger.log,
      ...(signal && { signal }),
    });

  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await startTcpProxy(database.url);
  });
  beforeEach(() => {
    logger = new Recorder();
  });
  afterAll(async () => {
    await proxy.close();
    await database.remove();
  });

  it('D38: waits while PostgreSQL is away, says so once, and connects when it is there', async () => {
    await proxy.refuse();
    const connecting = connect(proxy.url);
    await eventually(() => logger.lines.length > 0, { what: 'a line about the waiting' });
    await proxy.resume();
    const dataSource = await connecting;
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await dataSource.destroy();
    await eventually(() => logger.lines.length > 1, { what: 'a line that the waiting is over' });
    expect(logger.lines).toEqual([
      `Waiting for PostgreSQL at 127.0.0.1:${proxy.port}: it does not accept connections yet.`,
      expect.stringMatching(/^PostgreSQL: back after \d+ s\.$/),
    ]);
  });

  it('gives up waiting when the service is told to stop', async () => {
    await proxy.refuse();
    const stop = new AbortController();
    const connecting = connect(proxy.url, stop.signal);
    await eventually(() => logger.lines.length > 0);
    stop.abort(new Error('The service is shutting down.'));
    await expect(connecting).rejects.toThrow('The service is shutting down.');
    await proxy.resume();
  });

  it('D38: refuses a wrong password with one sentence that does not contain it', async () => {
    const wrong = connect(changed((url) => (url.password = 'wr0ng')));
    await expect(wrong).rejects.toThrow(ConfigError);
    await expect(wrong).rejects.toThrow(
      /^DATABASE_URL is wrong: PostgreSQL at \S+ refused the password of user "\w+"\. Set DATABASE_URL to/,
    );
    await expect(wrong).rejects.not.toThrow('wr0ng');
  });

  it('refuses a database that does not exist with one sentence', async () => {
    const wrong = connect(changed((url) => (url.pathname = '/nowhere')));
    await expect(wrong).rejects.toThrow(
      'has no database "nowhere". Create it, or set DATABASE_URL to one that exists.',
    );
    await expect(wrong).rejects.toThrow(ConfigError);
  });

  it('names DATABASE_MIGRATION_URL where that is what leads to the wrong place', async () => {
    const url = changed((one) => (one.pathname = '/nowhere'));
    await expect(migrateDatabase(url, 'sample', [], 'DATABASE_MIGRATION_URL')).rejects.toThrow(
      /^DATABASE_MIGRATION_URL is wrong: .* Create it, or set DATABASE_MIGRATION_URL to one that exists\.$/,
    );
  });

  it('lives on when PostgreSQL ends its connections, idle ones and one within a transaction', async () => {
    const dataSource = await connect(database.url);
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await dataSource.query('SELECT 1');
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'connect-spec'",
    );
    await expect(runner.query('SELECT 1')).rejects.toThrow();
    await runner.release();
    await eventually(() => logger.lines.some((line) => line.includes('idle connection')), { what: 'a warning' });
    // The pool may still hand out a connection whose end it has not heard of yet.
    await eventually(() => dataSource.query('SELECT 1'), { what: 'a query on a new connection' });
    await dataSource.destroy();
  });

  it('D36: tells by a name of its own that there was no connection to be had', async () => {
    const dataSource = await connect(proxy.url);
    await proxy.refuse();
    const fault = (query: Promise<unknown>) => query.catch((error: unknown) => error);
    // The pool may still hand out a connection whose end it has not heard of yet.
    const unreachable = { name: 'DatabaseUnreachableError', code: 'ECONNREFUSED' };
    await eventuallyPasses(async () => expect(await fault(dataSource.query('SELECT 1'))).toMatchObject(unreachable));
    expect(await fault(dataSource.transaction((tx) => tx.query('SELECT 1')))).toMatchObject(unreachable);
    await proxy.resume();
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await dataSource.destroy();
  });

  describe('keeps out of the database what is asked for while a transaction is being ended', () => {
    let dataSource: DataSource;
    const notes = async () =>
      (await dataSource.query<{ text: string }[]>('SELECT text FROM note ORDER BY text')).map(({ text }) => text);
    const note = (runner: QueryRunner, text: string) => runner.query('INSERT INTO note VALUES ($1)', [text]);

    /** As statements are sent that are prepared. */
    const prepared = async (runner: QueryRunner, text: string) => {
      const client = (await runner.connect()) as { query(config: object): Promise<unknown> };
      await client.query({ name: 'note', text: 'INSERT INTO note VALUES ($1)', values: [text] });
    };

    beforeEach(async () => {
      dataSource = await connect(database.url);
      await dataSource.query('CREATE TABLE note (text text)');
    });
    afterEach(async () => {
      await dataSource.query('DROP TABLE note');
      await dataSource.destroy();
    });

    it.each(['rollbackTransaction', 'commitTransaction'] as const)('by %s, in the same turn', async (end) => {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      await note(runner, 'before');
      const floating = note(runner, 'floating');
      const ended = runner[end]();
      const stragglers: Promise<unknown>[] = [];
      for (let hops = 0; hops < 20; hops += 1) {
        stragglers.push(note(runner, `straggler ${hops}`));
        await Promise.resolve();
      }
      const settled = await Promise.allSettled(stragglers);
      await Promise.all([ended, floating]);
      await runner.release();
      const refused = settled.filter(({ status }) => status === 'rejected');
      expect(refused.length).toBeGreaterThan(10);
      for (const { reason } of refused as PromiseRejectedResult[])
        expect(reason).toBeInstanceOf(TransactionEndingError);
      const kept = settled.flatMap(({ status }, hops) => (status === 'fulfilled' ? [`straggler ${hops}`] : []));
      expect(await notes()).toEqual(end === 'commitTransaction' ? ['before', 'floating', ...kept].sort() : []);
    });

    it('although it is asked for by an answer that comes together with that of the end', async () => {
      for (let hops = 0; hops < 30; hops += 1) {
        const stragglers: Promise<unknown>[] = [];
        const lookUp = async (runner: QueryRunner) => {
          const client = (await runner.connect()) as { query(sql: string): Promise<unknown> };
          await client.query('SELECT pg_sleep(0.01)');
          for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
          await prepared(runner, `after ${hops} hops`);
        };
        const failed = dataSource.transaction(async ({ queryRunner }) => {
          await queryRunner!.query('SELECT 1');
          stragglers.push(lookUp(queryRunner!));
          await Promise.resolve();
          // Both answers have come before either is read.
          setImmediate(() => setImmediate(() => computeFor(20)));
          throw new Error('its own');
        });
        await expect(failed).rejects.toThrow('its own');
        await Promise.allSettled(stragglers);
      }
      expect(await notes()).toEqual([]);
    });

    it('and sends before it what was asked for before, also what is prepared', async () => {
      for (let hops = 0; hops < 20; hops += 1) {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        await note(runner, `first ${hops}`);
        const straggling = (async () => {
          for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
          await prepared(runner, `straggler ${hops}`);
        })();
        await Promise.allSettled([straggling, runner.rollbackTransaction()]);
        await runner.release();
      }
      expect(await notes()).toEqual([]);
    });

    it('and takes what comes afterwards on the same connection', async () => {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.rollbackTransaction();
      await note(runner, 'by itself');
      await runner.startTransaction();
      await note(runner, 'in a transaction');
      await runner.commitTransaction();
      await runner.release();
      expect(await notes()).toEqual(['by itself', 'in a transaction']);
    });
  });

  it('bounds what a statement may take', async () => {
    const options = databaseOptions(
      { url: database.url, applicationName: 'bounded', statementTimeoutSeconds: 0.05 },
      logger.log,
    );
    const dataSource = await connectDatabase(options, { logger: logger.log });
    await expect(dataSource.query('SELECT pg_sleep(5)')).rejects.toThrow('statement timeout');
    await dataSource.destroy();
  });
});
