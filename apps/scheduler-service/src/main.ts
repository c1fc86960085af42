import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { schedulerService } from './scheduler-service.js';

await runService(schedulerService());
