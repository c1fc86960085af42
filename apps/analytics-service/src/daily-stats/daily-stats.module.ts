import { callQueues, exchanges } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_CONFIG, SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { CallServer } from '@mentorhub/task-calls';
import { Module } from '@nestjs/common';
import type { AnalyticsConfig } from '../config.js';
import { AdminDigest } from './admin-digest.js';
import { DailyCounts } from './daily-counts.js';
import { EventCounter } from './event-counter.js';
import { FinalDays } from './final-days.js';
import { GenerateDailyStatsHandler } from './generate-daily-stats.handler.js';
import { MailCounter } from './mail-counter.js';
import { StatsCalls } from './stats-calls.js';
import { StatsReader } from './stats-reader.js';

/** Counts what happens on each day, finalises the days, and answers those who ask for them. */
@Module({
  controllers: [EventCounter, GenerateDailyStatsHandler],
  providers: [
    DailyCounts,
    MailCounter,
    FinalDays,
    StatsReader,
    StatsCalls,
    {
      provide: AdminDigest,
      inject: [SERVICE_CONFIG, FinalDays, StatsReader],
      useFactory: ({ ADMIN_EMAILS }: AnalyticsConfig, days: FinalDays, reader: StatsReader) =>
        new AdminDigest(ADMIN_EMAILS, days, reader),
    },
    {
      provide: CallServer,
      inject: [Broker, SERVICE_LOGGER],
      useFactory: (broker: Broker, logger: Logger) =>
        new CallServer({ broker, exchanges, queue: callQueues.analytics, logger }),
    },
  ],
  exports: [MailCounter],
})
export class DailyStatsModule {}
