import { catalogue, exchanges, topology } from '@mentorhub/contracts';
import { DatabaseModule } from '@mentorhub/service';
import { TasksModule } from '@mentorhub/tasks/server';
import { Module, type DynamicModule } from '@nestjs/common';
import type { SchedulerConfig } from './config.js';
import { SchedulesModule } from './schedules/schedules.module.js';

export const serviceName = 'scheduler-service';

/** Decides what runs when. It consumes no queue, so its readiness needs PostgreSQL alone. */
@Module({})
export class SchedulerModule {
  static forRoot(config: SchedulerConfig): DynamicModule {
    return {
      module: SchedulerModule,
      imports: [
        DatabaseModule.forRoot({
          url: config.DATABASE_URL,
          applicationName: serviceName,
          poolSize: config.DATABASE_POOL_SIZE,
        }),
        TasksModule.forRoot({
          service: serviceName,
          worker: config.INSTANCE_NAME,
          catalogue,
          topology,
          exchanges,
          broker: { url: config.AMQP_URL, topologyMode: config.AMQP_TOPOLOGY },
          payloadKeys: config.PAYLOAD_KEYS,
          queues: {},
        }),
        SchedulesModule,
      ],
    };
  }
}
