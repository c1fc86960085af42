import { createDatabase, eventually, startTcpProxy, type TcpProxy, type TestDatabase } from '@mentorhub/testing';
import type { DataSource } from 'typeorm';
import { connectDatabase } from './connect-database.js';
import { databaseOptions } from './database-options.js';

const silenceSeconds = 3;

describe('a network that swallows what is sent to PostgreSQL', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createDatabase();
    await database.query('CREATE TABLE note (text text)');
    proxy = await startTcpProxy(database.url);
    const ignore = () => undefined;
    const logger = { info: ignore, warn: ignore } as never;
    const settings = { url: proxy.url, applicationName: 'silence', poolSize: 2, silenceSeconds };
    dataSource = await connectDatabase(databaseOptions(settings, logger), { logger });
  });
  afterEach(() => proxy.resume());
  afterAll(async () => {
    await dataSource.destroy();
    await proxy.close();
    await database.remove();
  });

  it('D36: makes a query fail as one whose connection was lost, and the next one gets another connection', async () => {
    await dataSource.query('SELECT 1');
    proxy.stall();
    await expect(dataSource.query('SELECT 2')).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('Nothing came from PostgreSQL for 3 s; the connection is taken for lost.'),
    });
    await proxy.resume();
    expect(await dataSource.query('SELECT 3 AS three')).toEqual([{ three: 3 }]);
  });

  it('D36: makes a transaction fail and leaves nothing of it, nor a place of the pool taken', async () => {
    for (let n = 0; n < 3; n += 1) {
      const failing = dataSource.transaction(async (tx) => {
        await tx.query(`INSERT INTO note VALUES ('half')`);
        proxy.stall();
        await tx.query(`INSERT INTO note VALUES ('other half')`);
      });
      await expect(failing).rejects.toThrow();
      proxy.cut();
      await proxy.resume();
    }
    expect(await dataSource.query('SELECT * FROM note')).toEqual([]);
    await Promise.all([dataSource.query('SELECT 1'), dataSource.query('SELECT 2')]);
  });

  it('leaves a transaction alone that works for longer, with an answer now and then', async () => {
    const began = performance.now();
    await dataSource.transaction(async (tx) => {
      const longer = () => performance.now() - began > 2 * silenceSeconds * 1000;
      await eventually(() => tx.query('SELECT pg_sleep(0.2)').then(longer));
    });
  });
});
