import { createDatabase, type TestDatabase } from '@mentorhub/testing';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { runMigrations } from './run-migrations.js';

class CreateDeliveries1700000000001 implements MigrationInterface {
  name = 'CreateDeliveries1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE email.delivery (id int PRIMARY KEY)');
  }
  async down(): Promise<void> {}
}

class AddSubject1700000000002 implements MigrationInterface {
  name = 'AddSubject1700000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE email.delivery ADD COLUMN subject text');
  }
  async down(): Promise<void> {}
}

class Breaks1700000000003 implements MigrationInterface {
  name = 'Breaks1700000000003';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE email.half (id int)');
    await runner.query('SELECT 1 / 0');
  }
  async down(): Promise<void> {}
}

const both = { schema: 'email', migrations: [CreateDeliveries1700000000001, AddSubject1700000000002] };

describe('migrating a schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createDatabase();
    dataSource = await new DataSource({ type: 'postgres', url: database.url, installExtensions: false }).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.remove();
  });

  it('creates the schema, applies what is missing, and keeps its list inside the schema', async () => {
    expect(await runMigrations(dataSource, { ...both, migrations: [CreateDeliveries1700000000001] })).toEqual([
      'CreateDeliveries1700000000001',
    ]);
    expect(await runMigrations(dataSource, both)).toEqual(['AddSubject1700000000002']);
    expect(await runMigrations(dataSource, both)).toEqual([]);
    expect(await database.query('SELECT name FROM email.migrations ORDER BY name')).toHaveLength(2);
    expect(await database.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  });

  it('applies each migration once when several processes start at the same time', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => runMigrations(dataSource, both)));
    expect(applied.flat().sort()).toEqual(['AddSubject1700000000002', 'CreateDeliveries1700000000001']);
  });

  it('leaves nothing of a migration that fails, keeps those before it, and lets the next one try', async () => {
    const broken = { schema: 'email', migrations: [CreateDeliveries1700000000001, Breaks1700000000003] };
    await expect(runMigrations(dataSource, broken)).rejects.toThrow('division by zero');
    expect(await database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'email' ORDER BY 1")).toEqual([
      { tablename: 'delivery' },
      { tablename: 'migrations' },
    ]);
    expect(await runMigrations(dataSource, both)).toEqual(['AddSubject1700000000002']);
  });

  it('needs no right to create schemas when the schema is there', async () => {
    const role = `plain_${database.name}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`);
    await database.query(`CREATE SCHEMA email AUTHORIZATION ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'plain'];
    const plain = await new DataSource({ type: 'postgres', url: url.href, installExtensions: false }).initialize();
    expect(await runMigrations(plain, both)).toHaveLength(2);
    await plain.destroy();
    await database.query(`DROP OWNED BY ${role} CASCADE`);
    await database.query(`DROP ROLE ${role}`);
  });
});
