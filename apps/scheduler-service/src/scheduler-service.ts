import type { ServiceOptions } from '@mentorhub/service';
import { loadSchedulerConfig, type SchedulerConfig } from './config.js';
import { SchedulerModule, serviceName } from './scheduler.module.js';

/** The service as `main` runs it and tests start it. */
export const schedulerService = (env?: NodeJS.ProcessEnv): ServiceOptions<SchedulerConfig> => ({
  name: serviceName,
  config: () => loadSchedulerConfig(env),
  module: (config) => SchedulerModule.forRoot(config),
});
