import { Module } from '@nestjs/common';
import { DailyCounts } from './daily-counts.js';
import { RegistrationCounter } from './registration-counter.js';

@Module({ controllers: [RegistrationCounter], providers: [DailyCounts] })
export class DailyStatsModule {}
