import { ServiceProcess } from '@mentorhub/testing';
import type { Servers } from './task-application.js';

const nodeArguments = [
  '--conditions=@mentorhub/source',
  '--import',
  './libs/service/test/typescript-hook.mjs',
  'libs/tasks/test/worker-process.ts',
];

/** Starts `worker-process.ts`: a service with five places for each queue, to be killed and started again. */
export function startWorker(
  { database, vhost }: Servers,
  { env = {}, waitUntilReady = true }: { env?: Record<string, string>; waitUntilReady?: boolean } = {},
): Promise<ServiceProcess> {
  const all = {
    DATABASE_URL: database.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
    ...env,
  };
  return ServiceProcess.start({ name: 'worker', env: all, nodeArguments, waitUntilReady, readyWithinSeconds: 90 });
}
