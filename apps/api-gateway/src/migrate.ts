import 'reflect-metadata';
import { databaseConfig, fatal, loadConfig } from '@mentorhub/service';
import { z } from 'zod';
import { migrateGateway } from './database/migrate-gateway.js';

try {
  const { DATABASE_URL } = loadConfig(z.object({ DATABASE_URL: databaseConfig.DATABASE_URL }));
  const applied = await migrateGateway(DATABASE_URL);
  console.log(`api-gateway: the database is up to date; migrations applied now: ${applied.join(', ') || 'none'}.`);
} catch (error) {
  fatal(error);
}
