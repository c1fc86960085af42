import type { ServiceOptions } from '@mentorhub/service';
import { TaskServer } from '@mentorhub/task-worker';
import { loadEmailConfig, type EmailConfig } from './config.js';
import { EmailModule, serviceName } from './email.module.js';

/** How the service is started, by `main.ts` and by tests. */
export const emailService = (env?: Record<string, string | undefined>): ServiceOptions<EmailConfig> => ({
  name: serviceName,
  config: () => loadEmailConfig(env),
  module: (config) => EmailModule.forRoot(config),
  strategies: (app) => [app.get(TaskServer)],
});
