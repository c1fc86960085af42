import { runMigrations } from '@mentorhub/service';
import { taskSchema, taskStoreMigrations } from '@mentorhub/task-store';
import { DataSource } from 'typeorm';

/** Creates the runtime's schema, as the services' migration step does. */
export async function migrateTasks(url) {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  await runMigrations(dataSource, { schema: taskSchema, migrations: taskStoreMigrations });
  await dataSource.destroy();
}
