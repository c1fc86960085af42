import { loadConfig } from '@mentorhub/service';
import { taskServiceConfig } from '@mentorhub/task-worker';
import { z } from 'zod';

const schema = z.object({ ...taskServiceConfig });

export type SchedulerConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadSchedulerConfig = (env?: NodeJS.ProcessEnv): SchedulerConfig => loadConfig(schema, env);
