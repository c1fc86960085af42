import { callQueues, exchanges } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { CallServer } from '@mentorhub/task-calls';
import { Module } from '@nestjs/common';
import { SuppressionCalls } from './suppression-calls.js';
import { Suppressions } from './suppressions.js';
import { SuppressionsController } from './suppressions.controller.js';

@Module({
  controllers: [SuppressionsController],
  providers: [
    Suppressions,
    SuppressionCalls,
    {
      provide: CallServer,
      inject: [Broker, SERVICE_LOGGER],
      useFactory: (broker: Broker, logger: Logger) =>
        new CallServer({ broker, exchanges, queue: callQueues.email, logger }),
    },
  ],
  exports: [Suppressions],
})
export class SuppressionsModule {}
