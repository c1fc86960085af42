import { catalogue, exchanges, topology } from '@mentorhub/contracts';
import { DatabaseModule } from '@mentorhub/service';
import { TasksModule } from '@mentorhub/tasks/server';
import { Module, type DynamicModule } from '@nestjs/common';
import type { EmailConfig } from './config.js';
import { SendEmailModule } from './send-email/send-email.module.js';

export const serviceName = 'email-service';

/** Renders and sends mail. */
@Module({})
export class EmailModule {
  static forRoot(config: EmailConfig): DynamicModule {
    return {
      module: EmailModule,
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
          queues: { email: { concurrency: config.SMTP_CONNECTIONS } },
        }),
        SendEmailModule.forRoot(config),
      ],
    };
  }
}
