import { migrateDatabase as migrate, type MigrationPlan } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import { CreateSchedulerSchema1763800300000 } from './1-create-scheduler-schema.js';
import { ReshapeSchedules1763900300000 } from './2-reshape-schedules.js';
import { IndexMovedAt1764000400000 } from './3-index-moved-at.js';
import { SlotsBesideRuns1764300000000 } from './4-slots-beside-runs.js';

/** The schemas that this service uses. Lists of migrations are append-only. */
export const migrationPlans: MigrationPlan[] = [
  taskStoreMigrationPlan,
  {
    schema: 'scheduler',
    migrations: [
      CreateSchedulerSchema1763800300000,
      ReshapeSchedules1763900300000,
      IndexMovedAt1764000400000,
      SlotsBesideRuns1764300000000,
    ],
  },
];

/** Brings them up to date in the database at `url`; the names of the migrations that were applied. */
export const migrateDatabase = (url: string): Promise<string[]> => migrate(url, 'scheduler-service', migrationPlans);
