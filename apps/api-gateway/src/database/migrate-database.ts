import { migrateDatabase as migrate, type MigrationPlan } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import { CreateGatewaySchema1763800100000 } from './migrations/1-create-gateway-schema.js';
import { CreateSession1763900100000 } from './migrations/2-create-session.js';
import { CreateCourse1763900400000 } from './migrations/3-create-course.js';
import { IndexIssuedTokens1764000100000 } from './migrations/4-index-issued-tokens.js';

/** The schemas that this service uses. Lists of migrations are append-only. */
export const migrationPlans: MigrationPlan[] = [
  taskStoreMigrationPlan,
  {
    schema: 'gateway',
    migrations: [
      CreateGatewaySchema1763800100000,
      CreateSession1763900100000,
      CreateCourse1763900400000,
      IndexIssuedTokens1764000100000,
    ],
  },
];

/** Brings them up to date in the database at `url`; the names of the migrations that were applied. */
export const migrateDatabase = (url: string): Promise<string[]> => migrate(url, 'api-gateway', migrationPlans);
