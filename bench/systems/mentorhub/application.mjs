import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mentorHub } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { loadConfig, startService } from '@mentorhub/service';
import { taskService, taskServiceConfig, TaskServer } from '@mentorhub/task-worker';
import { z } from 'zod';
import { catalogue } from './tasks.mjs';

const service = 'bench';
const payloadKey = randomBytes(32).toString('base64');

/** A service as MentorHub's own are: the same start, modules, topology and defaults. */
export async function startApplication(servers, { controllers = [], queues = {} } = {}) {
  const running = await startService({
    name: service,
    config: () => loadConfig(z.object(taskServiceConfig), environment(servers)),
    module: (config) => ({
      module: class BenchModule {},
      controllers,
      imports: taskService({ service, config, contracts: { ...mentorHub, catalogue }, queues }),
    }),
    strategies: (app) => [app.get(TaskServer)],
  });
  await running.app.get(Broker).untilReady();
  return running;
}

/** Everything that is not said here has the default that an operator gets, logging at `info` included. */
const environment = ({ amqpUrl, databaseUrl }) => ({
  AMQP_URL: amqpUrl,
  DATABASE_URL: databaseUrl,
  PAYLOAD_KEYS: `bench:${payloadKey}`,
  HOST: '127.0.0.1',
  METRICS_PORT: '0',
});
