import { mentorHub, streams } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { taskQueues, type AnalyticsConfig } from './config.js';
import { DailyStatsModule } from './daily-stats/daily-stats.module.js';
import { migrationPlans } from './database/migrate-database.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { TaskHistoryModule } from './task-history/task-history.module.js';

export const serviceName = 'analytics-service';

/** Modules with handlers of tasks. */
const taskModules: Type[] = [DailyStatsModule];

/** What is worked at once: events to be counted, and tasks of each queue, such as days to be finalised. */
const concurrency = {
  [streams.analyticsEvents]: 10,
  ...Object.fromEntries(taskQueues.map((queue) => [queue, 2])),
};

/** Counts from domain events, projects the history of tasks, takes in dead letters; which of them, QUEUES says. */
@Module({})
export class AnalyticsModule {
  static forRoot(config: AnalyticsConfig): DynamicModule {
    const consumes = (queue: string) => config.QUEUES.includes(queue);
    const worked = Object.entries(concurrency).filter(([queue]) => consumes(queue));
    return {
      module: AnalyticsModule,
      imports: [
        ...taskService({
          service: serviceName,
          config,
          schemas: migrationPlans,
          contracts: mentorHub,
          queues: Object.fromEntries(worked.map(([queue, atOnce]) => [queue, { concurrency: atOnce }])),
          // Beside the dead letters, since that is where what finds no queue ends.
          strandedDelays: consumes(streams.deadLetters),
        }),
        ...taskModules,
        ...(consumes(streams.taskEvents) ? [TaskHistoryModule] : []),
        ...(consumes(streams.deadLetters) ? [DeadLettersModule] : []),
      ],
    };
  }
}
