import { Module } from '@nestjs/common';
import { CallsModule } from '../calls/calls.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { ScheduleCreation } from './schedule-creation.js';
import { SchedulesController } from './schedules.controller.js';

/** Schedules over REST, for whoever has a key. */
@Module({
  imports: [CallsModule, IdempotencyModule],
  controllers: [SchedulesController],
  providers: [ScheduleCreation],
})
export class SchedulesModule {}
