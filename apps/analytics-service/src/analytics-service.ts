import type { ServiceOptions } from '@mentorhub/service';
import { TaskServer } from '@mentorhub/task-worker';
import { AnalyticsModule, serviceName } from './analytics.module.js';
import { loadAnalyticsConfig, type AnalyticsConfig } from './config.js';

/** The service as `main` runs it and tests start it. */
export const analyticsService = (env?: NodeJS.ProcessEnv): ServiceOptions<AnalyticsConfig> => ({
  name: serviceName,
  config: () => loadAnalyticsConfig(env),
  module: (config) => AnalyticsModule.forRoot(config),
  strategies: (app) => [app.get(TaskServer)],
});
