import { streams } from '@mentorhub/contracts';
import { list, loadConfig } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/tasks/server';
import { z } from 'zod';

/** Queue `analytics` is routed to already; it is consumed once it has a task with a handler. */
export const ownQueues = [streams.analyticsEvents, streams.taskEvents, streams.deadLetters] as const;

const schema = z.object({
  ...taskServiceConfig,
  /** The queues that this process consumes; default: all of the service's. */
  QUEUES: list()
    .refine((names) => names.length > 0 && names.every((name) => (ownQueues as readonly string[]).includes(name)), {
      error: 'it names a queue that this service does not consume',
    })
    .default([...ownQueues])
    .describe(`some of ${ownQueues.join(', ')}, separated by commas`),
});

export type AnalyticsConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadAnalyticsConfig = (env?: NodeJS.ProcessEnv): AnalyticsConfig => loadConfig(schema, env);
