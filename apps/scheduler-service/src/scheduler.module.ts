import { mentorHub } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule } from '@nestjs/common';
import type { SchedulerConfig } from './config.js';
import { migrationPlans } from './database/migrate-database.js';
import { SchedulesModule } from './schedules/schedules.module.js';

export const serviceName = 'scheduler-service';

/** Decides what runs when. It runs no tasks, so its readiness needs PostgreSQL alone. */
@Module({})
export class SchedulerModule {
  static forRoot(config: SchedulerConfig): DynamicModule {
    return {
      module: SchedulerModule,
      imports: [
        ...taskService({ service: serviceName, config, schemas: migrationPlans, contracts: mentorHub, queues: {} }),
        SchedulesModule,
      ],
    };
  }
}
