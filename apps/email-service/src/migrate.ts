import 'reflect-metadata';
import { migrateCommand } from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';

await migrateCommand('email-service', [taskStoreMigrationPlan]);
