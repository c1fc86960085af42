import { createDatabase, eventually, startTcpProxy, type TcpProxy, type TestDatabase } from '@mentorhub/testing';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
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

const schema = z.object({ ...baseConfig, ...databaseConfig });

function start(url: string): Promise<RunningService> {
  const env = { DATABASE_URL: url, METRICS_PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent' };
  return startService({
    name: 'notes-service',
    config: () => loadConfig(schema, env),
    module: (config) => ({
      module: class NotesModule {},
      imports: [
        DatabaseModule.forRoot({
          url: config.DATABASE_URL,
          applicationName: 'notes-service',
          migrate: [{ schema: 'sample', migrations: [CreateNotes1700000000001] }],
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
    database = await createDatabase();
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
