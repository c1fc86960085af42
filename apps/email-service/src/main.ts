import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { TaskServer } from '@mentorhub/tasks/server';
import { loadEmailConfig } from './config.js';
import { EmailModule, serviceName } from './email.module.js';

await runService({
  name: serviceName,
  config: loadEmailConfig,
  module: (config) => EmailModule.forRoot(config),
  strategies: (app) => [app.get(TaskServer)],
});
