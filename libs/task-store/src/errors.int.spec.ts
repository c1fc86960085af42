import { startTcpProxy, type TcpProxy, type TestDatabase } from '@mentorhub/testing';
import type { DataSource, QueryRunner } from 'typeorm';
import { connect, createTaskDatabase } from '../test/store-process.js';
import { isDatabaseUnavailable } from './errors.js';

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
    database = await createTaskDatabase();
    proxy = await startTcpProxy(database.url);
  });

  beforeEach(async () => {
    dataSource = await connect(proxy.url, 2);
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
    expect(isDatabaseUnavailable(await error)).toBe(true);
    await runner.release();
  });

  it('knows a backend that was ended between two queries of a transaction', async () => {
    const { runner, terminate } = await transaction();
    await terminate();
    expect(isDatabaseUnavailable(await thrownBy(runner.query('SELECT 1')))).toBe(true);
    expect(isDatabaseUnavailable(await thrownBy(runner.query('SELECT 1')))).toBe(true);
    expect(isDatabaseUnavailable(await thrownBy(runner.manager.query('SELECT 1')))).toBe(true);
    expect(isDatabaseUnavailable(await thrownBy(runner.commitTransaction()))).toBe(true);
    await runner.release();
  });

  it('knows a server that refuses connections', async () => {
    await proxy.refuse();
    expect(isDatabaseUnavailable(await thrownBy(dataSource.query('SELECT 1')))).toBe(true);
    expect(isDatabaseUnavailable(await thrownBy(dataSource.transaction((tx) => tx.query('SELECT 1'))))).toBe(true);
  });

  it('knows a network that breaks during a query', async () => {
    const error = thrownBy(dataSource.query('SELECT pg_sleep(30)'));
    await dataSource.query('SELECT 1');
    proxy.cut();
    expect(isDatabaseUnavailable(await error)).toBe(true);
  });

  it('knows a pool that has no connection to give', async () => {
    const busy = await Promise.all([transaction(), transaction()]);
    expect(isDatabaseUnavailable(await thrownBy(dataSource.query('SELECT 1')))).toBe(true);
    for (const { runner } of busy) {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('knows a pool that was closed', async () => {
    await dataSource.destroy();
    expect(isDatabaseUnavailable(await thrownBy(dataSource.query('SELECT 1')))).toBe(true);
  });

  it.each([
    ['a syntax error', 'SELEKT'],
    ['a violated constraint', `INSERT INTO tasks.task (id) VALUES (gen_random_uuid())`],
    ['a time-out of the statement', `SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)`],
    ['a value that does not fit', `SELECT 'x'::uuid`],
  ])('takes %s for a fault of the query', async (_, sql) => {
    expect(isDatabaseUnavailable(await thrownBy(dataSource.query(sql)))).toBe(false);
  });

  it.each([undefined, null, 'text', new Error('Something else.'), { code: 42 }])(
    'takes %p for no fault of the database',
    (thrown) => {
      expect(isDatabaseUnavailable(thrown)).toBe(false);
    },
  );
});
