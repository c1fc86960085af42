import { mentorHub } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AccountsModule, AccountTasksModule } from './accounts/accounts.module.js';
import type { GatewayConfig, Role } from './config.js';
import { CoursesModule } from './courses/courses.module.js';
import { DocumentationModule } from './documentation/documentation.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { SessionsModule, SessionTasksModule } from './sessions/sessions.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { SuppressionsModule } from './suppressions/suppressions.module.js';
import { TaskRequestsModule } from './tasks/task-requests.module.js';
import { UnsubscribeModule } from './unsubscribe/unsubscribe.module.js';

export const serviceName = 'api-gateway';

/** What each role adds: `http` answers requests and needs PostgreSQL only, `worker` consumes `default` and `default-bulk`. */
function modulesOf(role: Role, { API_DOCS }: GatewayConfig): Type[] {
  if (role === 'worker') return [AccountTasksModule, SessionTasksModule];
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
        ...taskService({ service: serviceName, config, contracts: mentorHub, queues: queuesOf(config) }),
        ...[...new Set(config.ROLE)].flatMap((role) => modulesOf(role, config)),
      ],
    };
  }
}

function queuesOf(config: GatewayConfig): Record<string, { concurrency: number }> {
  if (!config.ROLE.includes('worker')) return {};
  return {
    default: { concurrency: config.DEFAULT_QUEUE_CONCURRENCY },
    'default-bulk': { concurrency: config.BULK_QUEUE_CONCURRENCY },
  };
}
