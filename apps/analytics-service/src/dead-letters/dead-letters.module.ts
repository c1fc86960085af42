import { Broker } from '@mentorhub/messaging';
import { HealthChecks, SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { Module } from '@nestjs/common';
import { DailyStatsModule } from '../daily-stats/daily-stats.module.js';
import { MailCounter } from '../daily-stats/mail-counter.js';
import { StreamIngest } from '../ingest/stream-ingest.js';
import { DeadLetterStream } from './dead-letter-stream.js';

function ingestOf(broker: Broker, store: TaskStore, mails: MailCounter, health: HealthChecks, logger: Logger) {
  const stream = new DeadLetterStream(store, mails);
  return new StreamIngest({ stream, broker, dataSource: store.dataSource, health, logger });
}

@Module({
  imports: [DailyStatsModule],
  providers: [
    {
      provide: StreamIngest,
      inject: [Broker, TaskStore, MailCounter, HealthChecks, SERVICE_LOGGER],
      useFactory: ingestOf,
    },
  ],
})
export class DeadLettersModule {}
