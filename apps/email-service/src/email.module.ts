import { mentorHub } from '@mentorhub/contracts';
import { taskService } from '@mentorhub/tasks/server';
import { Module, type DynamicModule } from '@nestjs/common';
import { ownQueues, type EmailConfig } from './config.js';
import { SendEmailModule } from './send-email/send-email.module.js';

export const serviceName = 'email-service';

/** Renders and sends mail. */
@Module({})
export class EmailModule {
  static forRoot(config: EmailConfig): DynamicModule {
    return {
      module: EmailModule,
      imports: [
        ...taskService({
          service: serviceName,
          config,
          contracts: mentorHub,
          queues: queuesOf(config),
        }),
        SendEmailModule.forRoot(config),
      ],
    };
  }
}

/** Bulk mail leaves a connection free: what somebody waits for is never behind more than one mail. */
function queuesOf({ QUEUES, SMTP_CONNECTIONS }: EmailConfig): Record<string, { concurrency: number }> {
  const bulk = QUEUES.includes('email') ? Math.max(1, SMTP_CONNECTIONS - 1) : SMTP_CONNECTIONS;
  const concurrency: Record<(typeof ownQueues)[number], number> = { email: SMTP_CONNECTIONS, 'email-bulk': bulk };
  return Object.fromEntries(
    ownQueues.filter((name) => QUEUES.includes(name)).map((name) => [name, { concurrency: concurrency[name] }]),
  );
}
