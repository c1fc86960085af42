import { CreateTasksSchema1763800000000 } from './1-create-tasks-schema.js';
import { MandatoryEvents1763820000000 } from './2-mandatory-events.js';

/** The schema that these migrations build; they are append-only. */
export const taskSchema = 'tasks';
export const taskStoreMigrations = [CreateTasksSchema1763800000000, MandatoryEvents1763820000000];

/** For `migrateCommand` of every service that uses the task store. */
export const taskStoreMigrationPlan = { schema: taskSchema, migrations: taskStoreMigrations };
