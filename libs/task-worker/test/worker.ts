import { ServiceProcess } from '@mentorhub/testing';
import type { Servers } from './task-application.js';

interface WorkerOptions {
  readonly env?: Record<string, string>;
  readonly waitUntilReady?: boolean;
  /** A file of this folder. Default: a service with five places for each queue, to be killed and started again. */
  readonly program?: string;
}

const nodeArguments = [
  '--conditions=@mentorhub/source',
  '--import=./libs/service/test/typescript-hook.mjs',
  // Does nothing without OTEL_EXPORTER_OTLP_ENDPOINT.
  '--import=@mentorhub/tracing/register',
];

/** The key of its payloads, for who enqueues to it. */
export const workerKeys = { activeId: 'test', keys: new Map([['test', Buffer.alloc(32)]]) };

/** Starts a worker as a process of its own. */
export function startWorker(
  { database, vhost }: Servers,
  { env = {}, waitUntilReady = true, program = 'worker-process.ts' }: WorkerOptions = {},
): Promise<ServiceProcess> {
  const all = {
    DATABASE_URL: database.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
    ...env,
  };
  const started = [...nodeArguments, `libs/task-worker/test/${program}`];
  return ServiceProcess.start({
    name: 'worker',
    env: all,
    nodeArguments: started,
    waitUntilReady,
  });
}
