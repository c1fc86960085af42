import {
  baseConfig,
  brokerConfig,
  databaseConfig,
  DatabaseModule,
  payloadConfig,
  type MigrationPlan,
} from '@mentorhub/service';
import { taskStoreMigrationPlan } from '@mentorhub/task-store';
import type { DynamicModule } from '@nestjs/common';
import { z } from 'zod';
import { TasksModule, type TasksModuleOptions } from './tasks.module.js';

/** The variables that every service with tasks reads; an app spreads them into its own schema. */
export const taskServiceConfig = { ...baseConfig, ...databaseConfig, ...brokerConfig, ...payloadConfig };
export type TaskServiceConfig = z.output<z.ZodObject<typeof taskServiceConfig>>;

export interface TaskServiceOptions extends Pick<
  TasksModuleOptions,
  'service' | 'queues' | 'strandedDelays' | 'threadHandlers' | 'threads' | 'sharedRates'
> {
  readonly config: TaskServiceConfig;
  /** The schemas that it uses: it starts when all their migrations have been applied. Default: the task store's. */
  readonly schemas?: readonly MigrationPlan[];
  /** What the deployment knows: its tasks, its topology, and what its exchanges are called. */
  readonly contracts: Pick<TasksModuleOptions, 'catalogue' | 'topology' | 'exchanges'>;
}

/** What every service with tasks imports: its database and the task runtime, as its configuration says. */
export function taskService({
  config,
  schemas = [taskStoreMigrationPlan],
  contracts,
  ...options
}: TaskServiceOptions): DynamicModule[] {
  return [
    DatabaseModule.forRoot({
      url: config.DATABASE_URL,
      applicationName: options.service,
      poolSize: config.DATABASE_POOL_SIZE,
      schemas,
    }),
    TasksModule.forRoot({
      ...contracts,
      ...options,
      worker: config.INSTANCE_NAME,
      broker: { url: config.AMQP_URL, topologyMode: config.AMQP_TOPOLOGY },
      payloadKeys: config.PAYLOAD_KEYS,
    }),
  ];
}
