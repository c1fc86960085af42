import { Module } from '@nestjs/common';
import { ScheduleFiring } from './schedule-firing.js';
import { ScheduleLoop } from './schedule-loop.js';
import { ScheduleStore } from './schedule-store.js';

@Module({ providers: [ScheduleStore, ScheduleFiring, ScheduleLoop] })
export class SchedulesModule {}
