import { connectDatabase, createLogger, databaseOptions, runMigrations } from '@mentorhub/service';
import { taskSchema, taskStoreMigrations } from '@mentorhub/task-store';
import { CreateAnalyticsSchema1763800200000 } from './1-create-analytics-schema.js';

/** Append-only. */
const migrations = [CreateAnalyticsSchema1763800200000];

/**
 * Brings the schemas `tasks` and `analytics` up to date, waiting for PostgreSQL while it is away. Several may run at once.
 *
 * @returns the names of the migrations that it applied.
 * @throws {ConfigError} PostgreSQL refuses the user, the password or the database.
 */
export async function migrateDatabase(url: string): Promise<string[]> {
  const logger = createLogger('analytics-service migrate', { LOG_LEVEL: 'warn', LOG_PRETTY: false });
  const dataSource = await connectDatabase(
    databaseOptions({ url, applicationName: 'analytics-service migrate' }, logger),
    { logger },
  );
  try {
    const ofTasks = await runMigrations(dataSource, { schema: taskSchema, migrations: taskStoreMigrations });
    return [...ofTasks, ...(await runMigrations(dataSource, { schema: 'analytics', migrations }))];
  } finally {
    await dataSource.destroy();
  }
}
