import { mentorHub, queuesConsumedBy } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AccountsModule, AccountTasksModule } from './accounts/accounts.module.js';
import type { GatewayConfig, Role } from './config.js';
import { CoursesModule } from './courses/courses.module.js';
import { migrationPlans } from './database/migrate-database.js';
import { DocumentationModule } from './documentation/documentation.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { SessionsModule, SessionTasksModule } from './sessions/sessions.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { SuppressionsModule } from './suppressions/suppressions.module.js';
import { TaskRequestsModule } from './tasks/task-requests.module.js';
import { UnsubscribeModule } from './unsubscribe/unsubscribe.module.js';

export const serviceName = 'api-gateway';

/** Modules with handlers of tasks. */
const taskModules: Type[] = [AccountTasksModule, SessionTasksModule];

/** What each role adds: `http` answers requests and needs PostgreSQL only, `worker` consumes the service's queues. */
function modulesOf(role: Role, { API_DOCS }: GatewayConfig): Type[] {
  if (role === 'worker') return taskModules;
  const documentation = API_DOCS ? [DocumentationModule] : [];
  return [
    AccountsModule,
    SessionsModule,
    CoursesModule,
    TaskRequestsModule,
    SchedulesModule,
    StatisticsModule,
    SuppressionsModule,
    UnsubscribeModule,
    ...documentation,
  ];
}

@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        ...taskService({
          service: serviceName,
          config,
          schemas: migrationPlans,
          contracts: mentorHub,
          queues: queuesOf(config),
        }),
        ...[...new Set(config.ROLE)].flatMap((role) => modulesOf(role, config)),
      ],
    };
  }
}

function queuesOf(config: GatewayConfig): Record<string, { concurrency: number }> {
  if (!config.ROLE.includes('worker')) return {};
  const concurrencyOf = (queue: string) =>
    queue === 'default' ? config.DEFAULT_QUEUE_CONCURRENCY : config.BULK_QUEUE_CONCURRENCY;
  return Object.fromEntries(
    queuesConsumedBy(serviceName).map((queue) => [queue, { concurrency: concurrencyOf(queue) }]),
  );
}
