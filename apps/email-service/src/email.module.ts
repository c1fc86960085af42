import { mentorHub } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/task-worker';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { EmailConfig } from './config.js';
import { migrationPlans } from './database/migrate-database.js';
import { queuesOf } from './lanes.js';
import { SendEmailModule } from './send-email/send-email.module.js';
import { sendingRates } from './sending-rates/sending-rates.js';

export const serviceName = 'email-service';

/** Modules of further tasks' handlers, which need no part of the configuration. */
const taskModules: Type[] = [];

/** Renders and sends mail. */
@Module({})
export class EmailModule {
  static forRoot(config: EmailConfig): DynamicModule {
    const sharedRates = sendingRates({ rate: config.SMTP_RATE, domainRates: config.SMTP_DOMAIN_RATES });
    return {
      module: EmailModule,
      imports: [
        ...taskService({
          service: serviceName,
          config,
          schemas: migrationPlans,
          contracts: mentorHub,
          queues: queuesOf(config.QUEUES, config.SMTP_CONNECTIONS),
          ...(sharedRates && { sharedRates }),
        }),
        SendEmailModule.forRoot(config),
        ...taskModules,
      ],
    };
  }
}
