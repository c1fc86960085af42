import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { emailService } from './email-service.js';

await runService(emailService());
