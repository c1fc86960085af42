import { flag, integer, list, loadConfig, port } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/task-worker';
import { z } from 'zod';
import { apiKeys } from './auth/api-keys.js';
import { trustedProxies } from './http/trusted-proxies.js';

const roles = ['http', 'worker'] as const;
export type Role = (typeof roles)[number];

const configSchema = z
  .object({
    ...taskServiceConfig,
    /** What this process does: answers REST, runs the domain's own tasks, or both (default). */
    ROLE: list()
      .pipe(z.array(z.enum(roles, { error: 'it names a role that does not exist' })).min(1))
      .default(['http', 'worker'])
      .describe('http, worker, or both separated by a comma'),
    /** The port of the REST interface; default 3000. */
    HTTP_PORT: port(3000),
    /** Who may call; needed by the role http. */
    API_KEYS: apiKeys(),
    /** Whose X-Forwarded-For is believed; default nobody's. */
    TRUST_PROXY: trustedProxies(),
    /** Requests to the public flows that one address may make in a minute; 0 is no limit. Default 60. */
    PUBLIC_REQUESTS_PER_MINUTE: integer({ min: 0, max: 1_000_000 })
      .default(60)
      .describe('a number of requests, 0 for no limit'),
    /** Mails with a link that one account is sent in an hour, of each kind, however often they are asked for; 0 is no limit. Default 5. */
    ACCOUNT_MAILS_PER_HOUR: integer({ min: 0, max: 1_000 }).default(5).describe('a number of mails, 0 for no limit'),
    /** Tasks of the queue `default` that this process runs at once; those with database effects need a connection of the pool each. Default 10. */
    DEFAULT_QUEUE_CONCURRENCY: integer({ min: 1, max: 500 }).default(10).describe('a number of tasks'),
    /** The same for each other queue, such as `default-bulk`, for what comes in thousands. Default 3. */
    BULK_QUEUE_CONCURRENCY: integer({ min: 1, max: 500 }).default(3).describe('a number of tasks'),
    /** The page at /docs; default true. */
    API_DOCS: flag(true),
  })
  .refine(({ ROLE, API_KEYS }) => !ROLE.includes('http') || API_KEYS !== undefined, {
    path: ['API_KEYS'],
    error: 'the role http needs at least one key',
  });

export type GatewayConfig = z.output<typeof configSchema>;

/** @throws {ConfigError} with a sentence for each variable that is wrong. */
export const loadGatewayConfig = (env?: Record<string, string | undefined>): GatewayConfig =>
  loadConfig(configSchema, env);
