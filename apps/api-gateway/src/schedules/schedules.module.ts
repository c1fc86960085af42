import { exchanges } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_CONFIG, type BaseConfig } from '@mentorhub/service';
import { Calls } from '@mentorhub/tasks/client';
import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { ScheduleCreation } from './schedule-creation.js';
import { SchedulesController } from './schedules.controller.js';

/** Schedules over REST, for whoever has a key. The queue for answers goes with the broker's connection. */
@Module({
  imports: [IdempotencyModule],
  controllers: [SchedulesController],
  providers: [
    ScheduleCreation,
    {
      provide: Calls,
      inject: [Broker, SERVICE_CONFIG],
      useFactory: (broker: Broker, { INSTANCE_NAME: worker }: BaseConfig) => new Calls({ broker, exchanges, worker }),
    },
  ],
})
export class SchedulesModule implements OnApplicationBootstrap {
  constructor(private readonly calls: Calls) {}

  /** The first who asks need not wait for the subscription then. */
  onApplicationBootstrap(): void {
    this.calls.start();
  }
}
