import { Broker } from '@mentorhub/messaging';
import { HealthChecks, SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { Module } from '@nestjs/common';
import { StreamIngest } from '../ingest/stream-ingest.js';
import { DeadLetterStream } from './dead-letter-stream.js';

function ingestOf(broker: Broker, store: TaskStore, health: HealthChecks, logger: Logger) {
  const stream = new DeadLetterStream(store);
  return new StreamIngest({ stream, broker, dataSource: store.dataSource, health, logger });
}

@Module({
  providers: [
    { provide: StreamIngest, inject: [Broker, TaskStore, HealthChecks, SERVICE_LOGGER], useFactory: ingestOf },
  ],
})
export class DeadLettersModule {}
