import {
  createDatabase,
  eventually,
  freePort,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from '@mentorhub/testing';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import {
  Column,
  DataSource,
  Entity,
  PrimaryColumn,
  Repository,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { z } from 'zod';
import { baseConfig, databaseConfig } from '../config/base-config.js';
import { loadConfig } from '../config/load-config.js';
import { startService, type RunningService } from '../lifecycle/start-service.js';
import { DatabaseModule } from './database.module.js';
import { migrateDatabase } from './migrate-command.js';

@Entity({ schema: 'sample', name: 'note' })
class Note {
  @PrimaryColumn('int') id!: number;
  @Column('text') text!: string;
}

class CreateNotes1700000000001 implements MigrationInterface {
  name = 'CreateNotes1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE sample.note (id int PRIMARY KEY, text text NOT NULL)');
  }
  async down(): Promise<void> {}
}

@Injectable()
class Notes {
  constructor(
    @InjectRepository(Note) readonly repository: Repository<Note>,
    @Inject(DataSource) readonly dataSource: DataSource,
  ) {}
}

const plans = [{ schema: 'sample', migrations: [CreateNotes1700000000001] }];

const schema = z.object({ ...baseConfig, ...databaseConfig });

function start(url: string, more: Record<string, string> = {}): Promise<RunningService> {
  const env = { DATABASE_URL: url, METRICS_PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent', ...more };
  return startService({
    name: 'notes-service',
    config: () => loadConfig(schema, env),
    module: (config) => ({
      module: class NotesModule {},
      imports: [
        DatabaseModule.forRoot({
          url: config.DATABASE_URL,
          applicationName: 'notes-service',
          schemas: plans,
        }),
        TypeOrmModule.forFeature([Note]),
      ],
      providers: [Notes],
    }),
  });
}

describe('a service with a database', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let service: RunningService;
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${service.operationsPort}${path}`)).status;

  beforeAll(async () => {
    database = await createDatabase({ migrate: async (url) => void (await migrateDatabase(url, 'notes', plans)) });
    proxy = await startTcpProxy(database.url);
    service = await start(proxy.url);
  });
  afterAll(async () => {
    await service.stop();
    await proxy.close();
    await database.remove();
  });

  it('gives its providers repositories on migrated tables', async () => {
    const { repository, dataSource } = service.app.get(Notes);
    await dataSource.transaction((tx) => tx.save(Note, { id: 1, text: 'hello' }));
    expect(await repository.find()).toEqual([{ id: 1, text: 'hello' }]);
  });

  it('D37: is ready only while PostgreSQL answers, and alive all the time', async () => {
    expect(await status('/health/ready')).toBe(200);
    await proxy.refuse();
    await eventually(async () => (await status('/health/ready')) === 503, { what: 'the service not to be ready' });
    expect(await status('/health/live')).toBe(200);
    await proxy.resume();
    await eventually(async () => (await status('/health/ready')) === 200, { what: 'the service to be ready again' });
    expect(await service.app.get(Notes).repository.count()).toBe(1);
  });

  it('D37: is not ready while the network swallows what it sends, and again after', async () => {
    proxy.stall();
    await eventually(async () => (await status('/health/ready')) === 503, { what: 'the service not to be ready' });
    expect(await status('/health/live')).toBe(200);
    await proxy.resume();
    await eventually(async () => (await status('/health/ready')) === 200, { what: 'the service to be ready again' });
  });

  it('stays ready while its own pool is busy', async () => {
    const { dataSource } = service.app.get(Notes);
    const busy = Array.from({ length: 10 }, () => dataSource.query('SELECT pg_sleep(0.4)'));
    expect(await status('/health/ready')).toBe(200);
    await Promise.all(busy);
  });

  it('waits for the migrations that it knows, is not ready meanwhile, and says why', async () => {
    const empty = await createDatabase();
    const port = await freePort();
    const starting = start(empty.url, { METRICS_PORT: String(port) });
    const report = async () =>
      (await (await fetch(`http://127.0.0.1:${port}/health/ready`)).json()) as { checks: Record<string, string> };
    const databaseCheck = () =>
      report().then(
        ({ checks }) => checks['database'],
        () => undefined,
      );
    await eventually(async () => /lacks CreateNotes1700000000001/.test((await databaseCheck()) ?? ''), {
      what: 'the service to say what it waits for',
    });
    await migrateDatabase(empty.url, 'notes', plans);
    const waited = await starting;
    expect(await databaseCheck()).toBe('ok');
    expect(await waited.app.get(Notes).repository.count()).toBe(0);
    await waited.stop();
    await empty.remove();
  });

  it('starts without a look where its role may not see what was applied', async () => {
    const role = `notes_${randomUUID().replaceAll('-', '')}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
    await database.query(`GRANT USAGE ON SCHEMA sample TO ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, role];
    const other = await start(url.href);
    expect((await fetch(`http://127.0.0.1:${other.operationsPort}/health/ready`)).status).toBe(200);
    await other.stop();
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
  });

  it('closes every connection when it stops', async () => {
    const other = await start(database.url);
    const connections = () =>
      database.query("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'notes-service%'");
    expect(await connections()).not.toEqual([]);
    await other.stop();
    await service.stop();
    await eventually(async () => (await connections()).length === 0, { what: 'no connection to be left' });
    await expect(fetch(`http://127.0.0.1:${other.operationsPort}/health/live`)).rejects.toThrow();
  });
});
