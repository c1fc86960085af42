import { Client } from 'pg';
import { createDatabase, type TestDatabase } from './database.js';

describe('a database of a test', () => {
  const created: TestDatabase[] = [];
  const template = `testing-${process.pid}`;
  let migrations = 0;

  afterAll(() => Promise.all(created.map((database) => database.remove())));

  async function create(options?: Parameters<typeof createDatabase>[0]): Promise<TestDatabase> {
    const database = await createDatabase(options);
    created.push(database);
    return database;
  }

  async function migrate(url: string): Promise<void> {
    migrations++;
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('CREATE TABLE users (name text)');
    await client.end();
  }

  it('is empty and its own', async () => {
    const [one, other] = await Promise.all([create(), create()]);
    await one.query('CREATE TABLE thing ()');
    await expect(other.query('SELECT FROM thing')).rejects.toThrow('does not exist');
  });

  it('takes parameters and returns rows', async () => {
    const database = await create();
    await expect(database.query('SELECT $1::int + 1 AS n', [1])).resolves.toEqual([{ n: 2 }]);
  });

  it('is migrated once for all that name the same template, and copied with the tables only', async () => {
    const [one, other] = await Promise.all([create({ migrate, template }), create({ migrate, template })]);
    await one.query(`INSERT INTO users VALUES ('mentor')`);
    await expect(other.query('SELECT * FROM users')).resolves.toEqual([]);
    expect(migrations).toBe(1);
  });

  it('is migrated by itself without a template', async () => {
    const before = migrations;
    const database = await create({ migrate });
    await expect(database.query('SELECT * FROM users')).resolves.toEqual([]);
    expect(migrations).toBe(before + 1);
  });

  it('gives a failing migration to its caller, and the next one starts afresh', async () => {
    const failing = { template: `${template}-fails`, migrate: () => Promise.reject(new Error('broken migration')) };
    await expect(createDatabase(failing)).rejects.toThrow('broken migration');
    const database = await create({ ...failing, migrate });
    await expect(database.query('SELECT * FROM users')).resolves.toEqual([]);
  });

  it('is dropped although somebody is still connected', async () => {
    const database = await createDatabase();
    const client = new Client({ connectionString: database.url });
    const broken = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await database.remove();
    await expect(broken).resolves.toMatchObject({ message: expect.stringContaining('terminat') });
    await client.end().catch(() => undefined);
  });
});
