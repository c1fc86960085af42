import { hostname } from 'node:os';
import { z } from 'zod';
import { payloadKeys } from './payload-keys.js';
import { amqpUrl, databaseUrl, flag, integer, port } from './variables.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The variables of every service; an app spreads them into its own schema. */
export const baseConfig = {
  /** Which lines are written; default `info`. */
  LOG_LEVEL: z
    .enum(logLevels, { error: 'it is no level' })
    .default('info')
    .describe(`one of ${logLevels.join(', ')}`),
  /** Lines for people instead of JSON; default false. */
  LOG_PRETTY: flag(false),
  /** The address that the ports bind; default 0.0.0.0. */
  HOST: z.string().default('0.0.0.0').describe('an address of this machine'),
  /** The port of /metrics and /health; default 9464. */
  METRICS_PORT: port(9464),
  /** How long a shutdown may take before the process ends anyway, in seconds; default 25. */
  SHUTDOWN_SECONDS: integer({ min: 1, max: 3600 }).default(25).describe('a number of seconds'),
  /** What this process is called among its replicas; default host name and process id. */
  INSTANCE_NAME: z
    .string()
    .default(() => `${hostname()}:${process.pid}`)
    .describe('a name that no other replica has'),
  /** Published as `build_info`. */
  SERVICE_VERSION: z.string().default('dev'),
  SERVICE_REVISION: z.string().default('unknown'),
};

/** What `runService` needs of a configuration. */
export type BaseConfig = z.output<z.ZodObject<typeof baseConfig>>;

/** The variables of a service that uses PostgreSQL. */
export const databaseConfig = {
  DATABASE_URL: databaseUrl(),
  /** Most connections that this process opens; default 15. */
  DATABASE_POOL_SIZE: integer({ min: 2, max: 500 }).default(15).describe('a number of connections'),
};

/** The variables of a service that uses RabbitMQ. */
export const brokerConfig = {
  /** One or more URLs of one cluster. */
  AMQP_URL: amqpUrl(),
  /** `declare` creates exchanges and queues, `verify` only checks that they are there; default `declare`. */
  AMQP_TOPOLOGY: z
    .enum(['declare', 'verify'], { error: 'it is neither of the two words' })
    .default('declare')
    .describe('declare or verify'),
};

/** The variables of a service that enqueues or runs tasks with sensitive fields. */
export const payloadConfig = { PAYLOAD_KEYS: payloadKeys() };
