import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { killProcessesOf } from './leftovers.mjs';
import { startPostgres } from './postgres.mjs';
import { temporaryDirectory } from './private-infrastructure.mjs';
import { noProcessOf } from './testing/conditions.mjs';

let root;
let options;

beforeEach(() => {
  root = temporaryDirectory();
  options = { directory: join(root, 'postgres'), owner: root };
});

afterEach(() => {
  killProcessesOf(root);
  rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

test('A private PostgreSQL keeps its data over a restart and leaves no process behind', async () => {
  const postgres = await startPostgres(options);
  await query(postgres.url, "CREATE TABLE kept AS SELECT 'Привет' AS word");
  await postgres.restart();
  expect(await query(postgres.url, 'SELECT word FROM kept')).toEqual([{ word: 'Привет' }]);
  expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  await postgres.stop();
  await noProcessOf(root);
});

test('A private PostgreSQL that was killed recovers what was committed', async () => {
  const first = await startPostgres(options);
  await query(first.url, 'CREATE TABLE committed AS SELECT 42 AS answer');
  await first.kill();
  const second = await startPostgres(options);
  expect(await query(second.url, 'SELECT answer FROM committed')).toEqual([{ answer: 42 }]);
  await second.stop();
});

test('A lock file whose pid now belongs to another process does not keep PostgreSQL from starting', async () => {
  const first = await startPostgres(options);
  const lockFile = join(options.directory, 'data/postmaster.pid');
  const lock = readFileSync(lockFile, 'utf8');
  await first.stop();
  writeFileSync(lockFile, lock.replace(/^\d+/, String(process.pid)));
  const second = await startPostgres(options);
  expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await second.stop();
});

test('A first start that was cut off while it created the data directory is made good by the next', async () => {
  mkdirSync(join(options.directory, 'data.unfinished'), { recursive: true });
  writeFileSync(join(options.directory, 'data.unfinished/PG_VERSION'), '18');
  const postgres = await startPostgres(options);
  expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await postgres.stop();
});

async function query(connectionString, text) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
