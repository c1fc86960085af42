import { z } from 'zod';
import { loadConfig } from '../config/load-config.js';
import { databaseUrl } from '../config/variables.js';
import { fatal } from '../lifecycle/fatal.js';
import { createLogger } from '../logging/create-logger.js';
import { connectDatabase } from './connect-database.js';
import { databaseOptions } from './database-options.js';
import { runMigrations, type MigrationPlan } from './run-migrations.js';

/**
 * A service's `migrate`: brings its schemas up to date in the database at DATABASE_MIGRATION_URL, or else DATABASE_URL, says so
 * in one line, and exits with 1 and a sentence when it cannot. Waits for PostgreSQL while it is away; several may run at once.
 *
 * @example await migrateCommand('email-service', [{ schema: 'email', migrations }]);
 */
export async function migrateCommand(service: string, plans: readonly MigrationPlan[]): Promise<void> {
  try {
    const { url, variable } = migrationUrl();
    const applied = await migrateDatabase(url, service, plans, variable);
    console.log(`${service}: the database is up to date; applied now: ${applied.join(', ') || 'nothing'}.`);
  } catch (error) {
    fatal(error);
  }
}

/** Where services go through a pooler, migrations do not. */
function migrationUrl(): { url: string; variable: string } {
  const { DATABASE_MIGRATION_URL: direct } = loadConfig(z.object({ DATABASE_MIGRATION_URL: databaseUrl().optional() }));
  if (direct) return { url: direct, variable: 'DATABASE_MIGRATION_URL' };
  return { url: loadConfig(z.object({ DATABASE_URL: databaseUrl() })).DATABASE_URL, variable: 'DATABASE_URL' };
}

/**
 * Applies what is missing, schema after schema.
 *
 * @param variable the environment variable that the URL is from, which a refusal names.
 * @returns the names of the migrations that it applied.
 * @throws {ConfigError} PostgreSQL refuses the user, the password or the database, or a pooler stands before it.
 */
export async function migrateDatabase(
  url: string,
  service: string,
  plans: readonly MigrationPlan[],
  variable?: string,
): Promise<string[]> {
  const logger = createLogger(`${service} migrate`, { LOG_LEVEL: 'warn', LOG_PRETTY: false });
  const dataSource = await connectDatabase(databaseOptions({ url, applicationName: `${service} migrate` }, logger), {
    logger,
    variable,
  });
  try {
    const applied: string[] = [];
    for (const plan of plans) applied.push(...(await runMigrations(dataSource, plan)));
    return applied;
  } finally {
    await dataSource.destroy();
  }
}
