import { CreateTasksSchema1763800000000 } from './1-create-tasks-schema.js';

/** The schema that these migrations build; they are append-only. */
export const taskSchema = 'tasks';
export const taskStoreMigrations = [CreateTasksSchema1763800000000];
