import 'reflect-metadata';
import { migrateCommand } from '@mentorhub/service';
import { migrationPlans } from './database/migrate-database.js';

await migrateCommand('email-service', migrationPlans);
