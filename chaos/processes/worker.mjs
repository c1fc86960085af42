// A worker, as a service of its own: `runService` with the product's modules and the real mailer of email-service.
import 'reflect-metadata';
import { loadConfig, runService } from '@mentorhub/service';
import { taskService, taskServiceConfig, TaskServer } from '@mentorhub/task-worker';
import { z } from 'zod';
import { Mailer } from '../../apps/email-service/dist/mailer/index.js';
import { controllerOf } from './handlers.mjs';
import { contracts } from './tasks.mjs';

const schema = z.object({ ...taskServiceConfig, SMTP_URL: z.string() });
const queues = { default: { concurrency: 10 }, email: { concurrency: 5 }, analytics: { concurrency: 10 } };

await runService({
  name: 'chaos-worker',
  config: () => loadConfig(schema),
  module: (config) => ({
    module: class WorkerModule {},
    controllers: [controllerOf(Mailer)],
    providers: [
      {
        provide: Mailer,
        useFactory: () => new Mailer({ smtpUrl: config.SMTP_URL, from: 'Chaos <tasks@chaos.test>' }),
      },
    ],
    imports: taskService({ service: 'chaos-worker', config, contracts, queues }),
  }),
  strategies: (app) => [app.get(TaskServer)],
});
