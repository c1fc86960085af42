import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { surviveErrors } from './database-options.js';
import { ConfigError } from '../config/config-error.js';
import { toldProcessOf } from './pooler.js';
import { quietLogger } from './quiet-logger.js';

export interface MigrationPlan {
  /** Whose tables these are; created when missing. The list of applied migrations is its table `migrations`. */
  schema: string;
  /** Migration classes, whose names end in a timestamp; they name tables with their schema. */
  migrations: Extract<DataSourceOptions['migrations'], unknown[]>;
}

/** Any number, the same in every service: one process migrates a database at a time, whichever schema. */
const lockKey = 7_163_551_902;
const lockPollSeconds = 0.2;

/**
 * Applies what is missing, each migration in a transaction of its own, and returns the names of those it applied.
 * Safe when several processes start at once: they take turns, and the later ones find nothing to do. Uses connections
 * of its own to the database of `dataSource`, without its statement timeout.
 *
 * @throws {ConfigError} a pooler stands before PostgreSQL, through which the lock would not hold.
 */
export async function runMigrations(dataSource: DataSource, plan: MigrationPlan): Promise<string[]> {
  const migrator = await new DataSource(migratorOptions(dataSource.options, plan)).initialize();
  try {
    return await underLock(migrator, async () => {
      await createSchema(migrator, plan.schema);
      const applied = await migrator.runMigrations({ transaction: 'each' });
      return applied.map((migration) => migration.name);
    });
  } finally {
    await migrator.destroy();
  }
}

function migratorOptions(options: DataSourceOptions, plan: MigrationPlan): DataSourceOptions {
  return {
    ...options,
    entities: [],
    subscribers: [],
    schema: plan.schema,
    migrations: plan.migrations,
    migrationsTableName: 'migrations',
    poolSize: 2,
    logger: quietLogger,
    extra: { keepAlive: true, onConnect: surviveErrors },
  } as DataSourceOptions;
}

/**
 * Tries again and again instead of waiting inside PostgreSQL: a waiting statement holds a snapshot, for which
 * CREATE INDEX CONCURRENTLY in the other process would wait in turn.
 */
async function underLock<T>(migrator: DataSource, fn: () => Promise<T>): Promise<T> {
  const holder = migrator.createQueryRunner();
  try {
    await refusePooler(holder);
    while (!(await tryLock(holder))) await delay(lockPollSeconds * 1000);
    const result = await fn();
    await holder.query('SELECT pg_advisory_unlock($1)', [lockKey]);
    return result;
  } finally {
    await holder.release();
  }
}

/** A pooler would leave the lock of a session to whoever comes next on that connection, and give us another one. */
async function refusePooler(holder: QueryRunner): Promise<void> {
  const client: unknown = await holder.connect();
  const [row] = (await holder.query('SELECT pg_backend_pid() AS pid')) as { pid: number }[];
  if (row?.pid === toldProcessOf(client)) return;
  throw new ConfigError([
    'A pooler such as PgBouncer stands before PostgreSQL, and migrations need PostgreSQL itself. Set DATABASE_MIGRATION_URL to a URL that leads there directly.',
  ]);
}

async function tryLock(holder: QueryRunner): Promise<boolean> {
  const rows = (await holder.query('SELECT pg_try_advisory_lock($1) AS locked', [lockKey])) as { locked: boolean }[];
  return rows[0]?.locked === true;
}

/** Looks first: even IF NOT EXISTS asks for the right to create, which a service's user need not have. */
async function createSchema(migrator: DataSource, schema: string): Promise<void> {
  const rows = await migrator.query<unknown[]>('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await migrator.query(`CREATE SCHEMA "${schema.replaceAll('"', '""')}"`);
}
