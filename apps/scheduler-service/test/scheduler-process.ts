import { ServiceProcess, type TestDatabase } from '@mentorhub/testing';

const nodeArguments = [
  '--conditions=@mentorhub/source',
  '--import',
  './libs/service/test/typescript-hook.mjs',
  'apps/scheduler-service/src/main.ts',
];

/** Starts the scheduler as a process of its own, to be stopped in its tracks and killed. Its broker is away. */
export function startScheduler(database: TestDatabase): Promise<ServiceProcess> {
  const env = {
    DATABASE_URL: database.url,
    AMQP_URL: 'amqp://127.0.0.1:9/',
    PAYLOAD_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
  };
  return ServiceProcess.start({ name: 'scheduler-service', env, nodeArguments });
}
