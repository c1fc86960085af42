import { createDatabase, PrivatePooler, type TestDatabase } from '@mentorhub/testing';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { connectDatabase } from './connect-database.js';
import { databaseOptions } from './database-options.js';
import { migrateDatabase } from './migrate-command.js';

class CreateNotes1700000000001 implements MigrationInterface {
  name = 'CreateNotes1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE sample.note (id int PRIMARY KEY)');
  }
  async down(): Promise<void> {}
}

const missing = await PrivatePooler.missing();

(missing ? describe.skip : describe)(
  `A PgBouncer in transaction pooling before PostgreSQL${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    const plans = [{ schema: 'sample', migrations: [CreateNotes1700000000001] }];
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (_: unknown, message: string) => warnings.push(message) };
    let database: TestDatabase;
    let pooler: PrivatePooler;
    let dataSource: DataSource;

    const connect = (url: string) =>
      connectDatabase(
        databaseOptions({ url, applicationName: 'pooled', statementTimeoutSeconds: 7, poolSize: 4 }, logger as never),
        { logger: logger as never },
      );
    /** The limits that hold where `query` runs. */
    const limits = async (query: DataSource['query']) => {
      const sql = `SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`;
      return (await query<unknown[]>(sql))[0];
    };

    beforeAll(async () => {
      database = await createDatabase();
      // One connection to PostgreSQL, so that whatever is left on a session is found by whoever comes next.
      pooler = await PrivatePooler.create(database.url, { default_pool_size: 1 });
      dataSource = await connect(pooler.url);
    });
    afterAll(async () => {
      await dataSource?.destroy();
      await pooler?.remove();
      await database?.remove();
    });

    it('is connected to, and a transaction has its limits', async () => {
      const within = await dataSource.transaction((tx) => limits((sql) => tx.query(sql)));
      expect(within).toEqual({ statement: '7s', idle: '90s' });
    });

    it('gets nothing left on the session that it gives to others', async () => {
      await dataSource.transaction((tx) => tx.query('SELECT 1'));
      const direct = await connect(database.url);
      const untouched = { statement: '0', idle: '0' };
      expect(await limits((sql) => dataSource.query(sql))).toEqual(untouched);
      expect(await limits((sql) => direct.query(sql))).toEqual({ statement: '7s', idle: '90s' });
      await direct.destroy();
    });

    it('does not keep a statement from being ended in time', async () => {
      const slow = dataSource.transaction(async (tx) => {
        await tx.query(`SET LOCAL statement_timeout = '50ms'`);
        await tx.query('SELECT pg_sleep(60)');
      });
      await expect(slow).rejects.toThrow('canceling statement due to statement timeout');
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('has it said that the role brings no limit for statements outside of transactions', () => {
      expect(warnings).toContainEqual(expect.stringMatching(/ALTER ROLE "\w+" SET statement_timeout = '60s'/));
    });

    it('says nothing of it when the role has one', async () => {
      const role = `limited_${database.name}`;
      await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
      await database.query(`ALTER ROLE ${role} SET statement_timeout = '30s'`);
      const url = Object.assign(new URL(database.url), { username: role, password: 'limited' }).href;
      const own = await PrivatePooler.create(url);
      warnings.length = 0;
      const limited = await connect(own.url);
      expect(await limits((sql) => limited.query(sql))).toEqual({ statement: '30s', idle: '0' });
      expect(warnings).toEqual([]);
      await limited.destroy();
      await own.remove();
      await database.query(`DROP ROLE ${role}`);
    });

    it('is refused by migrations, which go to PostgreSQL itself', async () => {
      await expect(migrateDatabase(pooler.url, 'sample', plans)).rejects.toThrow(
        /A pooler such as PgBouncer stands before PostgreSQL.* Set DATABASE_MIGRATION_URL to/,
      );
      expect(await migrateDatabase(database.url, 'sample', plans)).toEqual(['CreateNotes1700000000001']);
    });
  },
);
