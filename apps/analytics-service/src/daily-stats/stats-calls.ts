import { rangeFault, ReadDailyStats } from '@mentorhub/contracts';
import { CallRefusedError, CallServer } from '@mentorhub/task-calls';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { StatsReader } from './stats-reader.js';

/** Answers what the gateway asks about statistics, on any replica. */
@Injectable()
export class StatsCalls implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly server: CallServer,
    dataSource: DataSource,
    reader: StatsReader,
  ) {
    server.answer(ReadDailyStats, async ({ from, to }) => {
      const message = rangeFault({ from, to });
      if (message) throw new CallRefusedError('invalid', 'The range cannot be answered.', [{ path: ['to'], message }]);
      return { days: await reader.read(dataSource.manager, from, to) };
    });
  }

  onApplicationBootstrap(): void {
    this.server.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.server.stop();
  }
}
