import { connectDatabase, createLogger, databaseOptions, runMigrations } from '@mentorhub/service';
import { taskSchema, taskStoreMigrations } from '@mentorhub/task-store';
import { gatewayMigrations, gatewaySchema } from './migrations.js';

const name = 'api-gateway migrate';

/**
 * Brings the schemas `tasks` and `gateway` up to date, waiting for PostgreSQL while it is away. Several may run at once.
 *
 * @returns the names of the migrations that it applied.
 * @throws {ConfigError} PostgreSQL refuses the user, the password or the database.
 */
export async function migrateGateway(url: string): Promise<string[]> {
  const logger = createLogger(name, { LOG_LEVEL: 'warn', LOG_PRETTY: false });
  const dataSource = await connectDatabase(databaseOptions({ url, applicationName: name }, logger), { logger });
  try {
    const ofTasks = await runMigrations(dataSource, { schema: taskSchema, migrations: taskStoreMigrations });
    return [...ofTasks, ...(await runMigrations(dataSource, { schema: gatewaySchema, migrations: gatewayMigrations }))];
  } finally {
    await dataSource.destroy();
  }
}
