import { runMigrations } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import {
  createDatabase,
  createVhost,
  type PrivateBroker,
  type PrivateDatabaseServer,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { DataSource } from 'typeorm';

/** A broker and a database of a test file's own; `remove` takes both away. */
export interface TestServers {
  readonly database: TestDatabase;
  readonly vhost: TestVhost;
  remove(): Promise<void>;
}

export interface TestServersOptions {
  /** Makes the tables of the service under test, beside those of the task runtime. */
  readonly migrate?: (dataSource: DataSource) => Promise<unknown>;
  /** Keeps the migrated database under this name for the whole test run, so that `migrate` runs once for all test files. */
  readonly template?: string;
  /** Servers that a test breaks have to be its own; by default it shares those of the run. */
  readonly broker?: PrivateBroker | undefined;
  readonly databaseServer?: Pick<PrivateDatabaseServer, 'createDatabase'> | undefined;
}

/**
 * A vhost on the test run's RabbitMQ and a database with the runtime's schema on its PostgreSQL.
 *
 * @throws Error when TEST_AMQP_URL, TEST_RABBITMQ_MANAGEMENT_URL or TEST_DATABASE_URL is not set; `npm test` sets them.
 * @example
 * const servers = await createTestServers({ template: 'ledger', migrate: (db) => runMigrations(db, ledgerMigrationPlan) });
 * afterAll(() => servers.remove());
 */
export async function createTestServers(options: TestServersOptions = {}): Promise<TestServers> {
  const { broker, databaseServer } = options;
  const template = options.template ?? (options.migrate ? undefined : 'task-store');
  const migrate = (url: string) => migrateAll(url, options);
  const [database, vhost] = await Promise.all([
    databaseServer?.createDatabase({ migrate }) ?? createDatabase({ migrate, ...(template && { template }) }),
    broker?.createVhost() ?? createVhost(),
  ]);
  const remove = async () => void (await Promise.all([database.remove(), vhost.remove()]));
  return { database, vhost, remove };
}

async function migrateAll(url: string, { migrate }: TestServersOptions): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  try {
    await runMigrations(dataSource, taskStoreMigrationPlan);
    await migrate?.(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
