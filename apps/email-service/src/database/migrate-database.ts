import { migrateDatabase as migrate, type MigrationPlan } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import { CreateEmailSchema1764000300000 } from './1-create-email-schema.js';
import { IndexSuppressions1764400000000 } from './2-index-suppressions.js';

/** The schemas that this service uses. Lists of migrations are append-only. */
export const migrationPlans: MigrationPlan[] = [
  taskStoreMigrationPlan,
  { schema: 'email', migrations: [CreateEmailSchema1764000300000, IndexSuppressions1764400000000] },
];

/** Brings them up to date in the database at `url`; the names of the migrations that were applied. */
export const migrateDatabase = (url: string): Promise<string[]> => migrate(url, 'email-service', migrationPlans);
