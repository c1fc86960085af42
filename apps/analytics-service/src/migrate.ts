import 'reflect-metadata';
import { databaseConfig, fatal, loadConfig } from '@mentorhub/service';
import { z } from 'zod';
import { migrateDatabase } from './database/migrate-database.js';

try {
  const { DATABASE_URL } = loadConfig(z.object({ DATABASE_URL: databaseConfig.DATABASE_URL }));
  const applied = await migrateDatabase(DATABASE_URL);
  console.log(
    `analytics-service: the database is up to date; migrations applied now: ${applied.join(', ') || 'none'}.`,
  );
} catch (error) {
  fatal(error);
}
