import { createDatabase, PrivatePooler, type TestDatabase } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { runPrepared } from './prepared.js';

const missing = await PrivatePooler.missing();

(missing ? describe.skip : describe)(
  `A prepared statement behind a pooler${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let database: TestDatabase;
    let pooler: PrivatePooler;
    let dataSource: DataSource;

    beforeAll(async () => {
      database = await createDatabase();
      pooler = await PrivatePooler.create(database.url, { default_pool_size: 1 });
      dataSource = await new DataSource({ type: 'postgres', url: pooler.url, installExtensions: false }).initialize();
    });
    afterAll(async () => {
      await dataSource?.destroy();
      await pooler?.remove();
      await database?.remove();
    });

    it('fails once after a migration changed what it answers, and not again and again', async () => {
      const statement = { name: 'all_of_changing', text: 'SELECT * FROM public.changing WHERE id = $1' };
      const read = () => dataSource.transaction((tx) => runPrepared<object>(tx, statement, [1]));
      await database.query('CREATE TABLE public.changing (id int)');
      await database.query('INSERT INTO public.changing VALUES (1)');
      expect(await read()).toEqual([{ id: 1 }]);
      await database.query('ALTER TABLE public.changing ADD COLUMN more text');
      await expect(read()).rejects.toThrow('cached plan must not change result type');
      expect(await read()).toEqual([{ id: 1, more: null }]);
    });
  },
);
