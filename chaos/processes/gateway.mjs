// A gateway: accepts batches of tasks, and revokes, as its parent asks over IPC.
import 'reflect-metadata';
import { loadConfig, runService } from '@mentorhub/service';
import { taskService, taskServiceConfig } from '@mentorhub/task-worker';
import { Tasks } from '@mentorhub/tasks';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Acceptance } from './acceptance.mjs';
import { contracts } from './tasks.mjs';

const operations = {
  accept: (acceptance, { batch }) => acceptance.accept(batch),
  revoke: (acceptance, { id, terminate }) => acceptance.revoke(id, terminate),
};

function answerRequests(acceptance) {
  const answer = async ({ request, operation, ...parameters }) => {
    try {
      reply({ request, answer: await operations[operation](acceptance, parameters) });
    } catch (error) {
      reply({ request, error: error.message });
    }
  };
  process.on('message', (message) => void answer(message));
  // Without its parent there is nobody to work for.
  process.on('disconnect', () => process.exit(0));
}

const reply = (message) => process.connected && process.send(message);

await runService({
  name: 'chaos-gateway',
  config: () => loadConfig(z.object(taskServiceConfig)),
  module: (config) => ({
    module: class GatewayModule {},
    providers: [
      {
        provide: Acceptance,
        inject: [Tasks, DataSource],
        useFactory: (tasks, dataSource) => {
          const acceptance = new Acceptance(tasks, dataSource);
          answerRequests(acceptance);
          return acceptance;
        },
      },
    ],
    imports: taskService({ service: 'chaos-gateway', config, contracts, queues: {} }),
  }),
});
