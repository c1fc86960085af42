import { Broker } from '@mentorhub/messaging';
import { deadLetterMetrics } from '@mentorhub/metrics';
import { HealthChecks, SERVICE_CONFIG, SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AnalyticsConfig } from '../config.js';
import { DailyStatsModule } from '../daily-stats/daily-stats.module.js';
import { MailCounter } from '../daily-stats/mail-counter.js';
import { StreamIngest } from '../ingest/stream-ingest.js';
import { HistoryUpkeep } from './history-upkeep.js';
import { parkReasons } from './park-events.js';
import { TaskEventStream } from './task-event-stream.js';

function ingestOf(
  broker: Broker,
  dataSource: DataSource,
  mails: MailCounter,
  health: HealthChecks,
  logger: Logger,
  config: AnalyticsConfig,
) {
  const takers = { publisher: broker.publisher, store: { dataSource } };
  const stream = new TaskEventStream(takers, mails, config.INSTANCE_NAME);
  for (const reason of parkReasons) deadLetterMetrics.total.inc({ task: stream.queue, reason }, 0);
  return new StreamIngest({ stream, broker, dataSource, health, logger });
}

@Module({
  imports: [DailyStatsModule],
  providers: [
    HistoryUpkeep,
    {
      provide: StreamIngest,
      inject: [Broker, DataSource, MailCounter, HealthChecks, SERVICE_LOGGER, SERVICE_CONFIG],
      useFactory: ingestOf,
    },
  ],
})
export class TaskHistoryModule {}
