import { createDatabase, eventuallyPasses, startTcpProxy, type TcpProxy, type TestDatabase } from '@mentorhub/testing';
import type { DataSource, QueryRunner } from 'typeorm';
import { connectDatabase } from '../database/connect-database.js';
import { databaseOptions } from '../database/database-options.js';
import { databaseFaultOf } from './index.js';

const ignore = () => undefined;
const logger = { info: ignore, warn: ignore } as never;

describe('Telling an absent database from a refused query', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let dataSource: DataSource;

  const thrownBy = async (query: Promise<unknown>): Promise<unknown> =>
    query.then(
      () => expect('a query').toBe('refused'),
      (error: unknown) => error,
    );

  beforeAll(async () => {
    database = await createDatabase();
    await database.query('CREATE TABLE note (text text PRIMARY KEY)');
    proxy = await startTcpProxy(database.url);
  });

  beforeEach(async () => {
    const settings = { url: proxy.url, applicationName: 'faults', poolSize: 2 };
    dataSource = await connectDatabase(databaseOptions(settings, logger), { logger });
  });

  afterEach(async () => {
    await proxy.resume();
    if (dataSource.isInitialized) await dataSource.destroy();
  });

  afterAll(async () => {
    await proxy?.close();
    await database?.remove();
  });

  async function transaction(): Promise<{ runner: QueryRunner; terminate: () => Promise<unknown> }> {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const [{ pid }] = (await runner.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    return { runner, terminate: () => database.query('SELECT pg_terminate_backend($1, 5000)', [pid]) };
  }

  it('knows a backend that is ended during a query', async () => {
    const { runner, terminate } = await transaction();
    const error = thrownBy(runner.query('SELECT pg_sleep(30)'));
    await terminate();
    expect(databaseFaultOf(await error)).toBe('ended');
    await runner.release();
  });

  it('knows a backend that was ended between two queries of a transaction', async () => {
    const { runner, terminate } = await transaction();
    await terminate();
    expect(databaseFaultOf(await thrownBy(runner.query('SELECT 1')))).toBe('ended');
    expect(databaseFaultOf(await thrownBy(runner.query('SELECT 1')))).toBe('ended');
    expect(databaseFaultOf(await thrownBy(runner.manager.query('SELECT 1')))).toBe('ended');
    expect(databaseFaultOf(await thrownBy(runner.commitTransaction()))).toBe('ended');
    await runner.release();
  });

  it('knows a server that refuses connections', async () => {
    await proxy.refuse();
    // The pool may still hand out a connection whose end it has not heard of yet.
    await eventuallyPasses(async () =>
      expect(databaseFaultOf(await thrownBy(dataSource.query('SELECT 1')))).toBe('away'),
    );
    expect(databaseFaultOf(await thrownBy(dataSource.transaction((tx) => tx.query('SELECT 1'))))).toBe('away');
  });

  it('knows a network that breaks during a query', async () => {
    const error = thrownBy(dataSource.query('SELECT pg_sleep(30)'));
    await dataSource.query('SELECT 1');
    proxy.cut();
    expect(databaseFaultOf(await error)).toBe('ended');
  });

  it('knows a pool that has no connection to give', async () => {
    const busy = await Promise.all([transaction(), transaction()]);
    expect(databaseFaultOf(await thrownBy(dataSource.query('SELECT 1')))).toBe('pool-busy');
    for (const { runner } of busy) {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('knows a pool that was closed', async () => {
    await dataSource.destroy();
    expect(databaseFaultOf(await thrownBy(dataSource.query('SELECT 1')))).toBe('away');
  });

  it.each([
    ['a syntax error', 'SELEKT'],
    ['a violated constraint', 'INSERT INTO note VALUES (NULL)'],
    ['a value that does not fit', `SELECT 'x'::uuid`],
    [
      'a feature that is not there',
      'CREATE TABLE t (LIKE pg_class INCLUDING ALL) PARTITION BY RANGE (oid, (SELECT 1))',
    ],
  ])('takes %s for a fault of the query', async (_, sql) => {
    expect(databaseFaultOf(await thrownBy(dataSource.query(sql)))).toBeUndefined();
  });

  it('takes a wrong number of parameters for a fault of the query, though its code is that of a broken protocol', async () => {
    const error = await thrownBy(dataSource.query('SELECT $1::int, $2::int', [1]));
    expect(error).toMatchObject({ code: '08P01' });
    expect(databaseFaultOf(error)).toBeUndefined();
  });

  it('knows a time-out of the statement, which passes', async () => {
    const sql = `SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)`;
    expect(databaseFaultOf(await thrownBy(dataSource.query(sql)))).toBe('hindered');
  });

  describe('and a connection that is no good', () => {
    /** Both connections of the pool, each after `sql`. */
    const onEach = async (sql: string): Promise<void> => {
      const runners = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
      await Promise.all(runners.map((runner) => runner.query(sql)));
      await Promise.all(runners.map((runner) => runner.release()));
    };

    it('is closed together with all others once it says that its server takes no writes', async () => {
      await onEach('SET default_transaction_read_only = on');
      const insert = () => dataSource.query(`INSERT INTO note VALUES (gen_random_uuid())`);
      expect(databaseFaultOf(await thrownBy(insert()))).toBe('read-only');
      await insert();
      await insert();
    });

    it('is closed when it is given back, if it was in use meanwhile', async () => {
      await onEach('SET default_transaction_read_only = on');
      const reading = await transaction();
      expect(databaseFaultOf(await thrownBy(dataSource.query('INSERT INTO note VALUES (1)')))).toBe('read-only');
      await reading.runner.commitTransaction();
      await reading.runner.release();
      await onEach(`INSERT INTO note VALUES (gen_random_uuid())`);
    });

    it('is closed together with all others once a plan that it had prepared no longer holds', async () => {
      await database.query('CREATE TABLE changing (a int)');
      const prepared = async (runner: QueryRunner) =>
        ((await runner.connect()) as { query(q: object): Promise<unknown> }).query({
          name: 'changing',
          text: 'SELECT * FROM changing',
        });
      const onBoth = async () => {
        const runners = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
        const results = await Promise.allSettled(runners.map(prepared));
        await Promise.all(runners.map((runner) => runner.release()));
        return results;
      };
      await onBoth();
      await database.query('ALTER TABLE changing ADD b int');
      const runner = dataSource.createQueryRunner();
      expect(databaseFaultOf(await thrownBy(prepared(runner)))).toBe('stale');
      await runner.release();
      expect((await onBoth()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    });
  });
});
