import { ListSuppressions } from '@mentorhub/contracts';
import { CallServer } from '@mentorhub/task-calls';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Suppressions } from './suppressions.js';

/** Answers what the gateway asks about the suppression list, on any replica. */
@Injectable()
export class SuppressionCalls implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly server: CallServer,
    suppressions: Suppressions,
  ) {
    server.answer(ListSuppressions, async ({ limit, email, after }) => {
      const found = await suppressions.list({ limit: limit + 1, email, after });
      return { items: found.slice(0, limit), more: found.length > limit };
    });
  }

  onApplicationBootstrap(): void {
    this.server.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.server.stop();
  }
}
