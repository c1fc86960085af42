import { Email, queuesConsumedBy, streams } from '@mentorhub/contracts';
import { list, loadConfig } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/task-worker';
import { z } from 'zod';

/** The queues of the service's own tasks. */
export const taskQueues = queuesConsumedBy('analytics-service');

const ownQueues = [...taskQueues, streams.analyticsEvents, streams.taskEvents, streams.deadLetters];

const schema = z.object({
  ...taskServiceConfig,
  /** The queues that this process consumes; default: all of the service's. */
  QUEUES: list()
    .refine((names) => names.length > 0 && names.every((name) => ownQueues.includes(name)), {
      error: 'it names a queue that this service does not consume',
    })
    .default([...ownQueues])
    .describe(`some of ${ownQueues.join(', ')}, separated by commas`),
  /** Who gets the daily digest; default: nobody. */
  ADMIN_EMAILS: list()
    .refine((addresses) => addresses.every((address) => Email.safeParse(address).success), {
      error: 'it names something that is no e-mail address',
    })
    .transform((addresses) => [...new Set(addresses)])
    .default([])
    .describe('addresses such as ann@mentorhub.example, separated by commas'),
});

export type AnalyticsConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadAnalyticsConfig = (env?: NodeJS.ProcessEnv): AnalyticsConfig => loadConfig(schema, env);
