import { CreateTasksSchema1763800000000 } from './1-create-tasks-schema.js';
import { MandatoryEvents1763820000000 } from './2-mandatory-events.js';
import { Flow1763891000000 } from './4-flow.js';
import { RevokeWhatHasEnded1763892000000 } from './5-revoke-what-has-ended.js';
import { RetriesAndRevocations1763890000000 } from './3-retries-and-revocations.js';
import { Success1763893000000 } from './6-success.js';
import { LoneStarts1763894000000 } from './7-lone-starts.js';
import { KeepCalling1764300000000 } from './8-keep-calling.js';
import { RetryAt1764400100000 } from './9-retry-at.js';

/** The schema that these migrations build; they are append-only. */
export const taskSchema = 'tasks';
export const taskStoreMigrations = [
  CreateTasksSchema1763800000000,
  MandatoryEvents1763820000000,
  RetriesAndRevocations1763890000000,
  Flow1763891000000,
  RevokeWhatHasEnded1763892000000,
  Success1763893000000,
  LoneStarts1763894000000,
  KeepCalling1764300000000,
  RetryAt1764400100000,
];

/** For `migrateCommand` of every service that uses the task store. */
export const taskStoreMigrationPlan = { schema: taskSchema, migrations: taskStoreMigrations };
