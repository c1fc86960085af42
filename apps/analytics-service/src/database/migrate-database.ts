import { migrateDatabase as migrate, type MigrationPlan } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import { CreateAnalyticsSchema1763800200000 } from './1-create-analytics-schema.js';
import { FinaliseDays1763900300000 } from './2-finalise-days.js';

/** The schemas that this service uses. Lists of migrations are append-only. */
export const migrationPlans: MigrationPlan[] = [
  taskStoreMigrationPlan,
  { schema: 'analytics', migrations: [CreateAnalyticsSchema1763800200000, FinaliseDays1763900300000] },
];

/** Brings them up to date in the database at `url`; the names of the migrations that were applied. */
export const migrateDatabase = (url: string): Promise<string[]> => migrate(url, 'analytics-service', migrationPlans);
