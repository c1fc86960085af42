import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { analyticsService } from './analytics-service.js';

await runService(analyticsService());
