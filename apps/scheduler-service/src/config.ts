import { baseConfig, brokerConfig, databaseConfig, loadConfig, payloadConfig } from '@mentorhub/service';
import { z } from 'zod';

const schema = z.object({ ...baseConfig, ...databaseConfig, ...brokerConfig, ...payloadConfig });

export type SchedulerConfig = z.output<typeof schema>;

/** @throws {ConfigError} naming each variable that is wrong, and what to set. */
export const loadSchedulerConfig = (env?: NodeJS.ProcessEnv): SchedulerConfig => loadConfig(schema, env);
