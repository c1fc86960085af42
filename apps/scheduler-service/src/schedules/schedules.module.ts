import { callQueues, exchanges } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { CallServer } from '@mentorhub/task-calls';
import { Module } from '@nestjs/common';
import { RunNow } from './editing/run-now.js';
import { ScheduleCalls } from './editing/schedule-calls.js';
import { ScheduleEditor } from './editing/schedule-editor.js';
import { ScheduleReader } from './editing/schedule-reader.js';
import { ScheduleTable } from './editing/schedule-table.js';
import { DueSchedules } from './firing/due-schedules.js';
import { ScheduleFiring } from './firing/schedule-firing.js';
import { ScheduleLoop } from './firing/schedule-loop.js';

/** Schedules: fires them, and answers those who read and change them. */
@Module({
  providers: [
    DueSchedules,
    ScheduleFiring,
    ScheduleLoop,
    ScheduleTable,
    ScheduleEditor,
    ScheduleReader,
    RunNow,
    ScheduleCalls,
    {
      provide: CallServer,
      inject: [Broker, SERVICE_LOGGER],
      useFactory: (broker: Broker, logger: Logger) =>
        new CallServer({ broker, exchanges, queue: callQueues.scheduler, logger }),
    },
  ],
})
export class SchedulesModule {}
