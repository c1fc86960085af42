import 'reflect-metadata';
import { loadConfig, runService } from '@mentorhub/service';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import type { Payload } from '@mentorhub/task-contracts';
import { TaskHandler, TaskServer, taskService, taskServiceConfig, type TaskContext } from '../src/index.js';
import { Brief, Call, catalogue, exchanges, Record, topology } from './example-tasks.js';

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
}

/** Handlers that never succeed, in a process of their own whose log tests read; `startWorker` starts it. */
@Controller()
class FailingController {
  @TaskHandler(Record)
  record({ note }: Payload<typeof Record>): { written: number } {
    throw new CardDeclined(`The bank refused ${note}.`);
  }

  @TaskHandler(Call)
  call({ secret }: Payload<typeof Call>): void {
    throw new CardDeclined(`https://bank.example/pay?card=${secret} did not answer.`);
  }

  @TaskHandler(Brief)
  async brief(_payload: unknown, { signal }: TaskContext): Promise<void> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
}

await runService({
  name: 'failing-worker',
  config: () => loadConfig(z.object(taskServiceConfig)),
  module: (config) => ({
    module: class FailingModule {},
    controllers: [FailingController],
    imports: taskService({
      service: 'failing-worker',
      config,
      contracts: { catalogue, topology, exchanges },
      queues: { work: { concurrency: 5 }, outside: { concurrency: 5 } },
    }),
  }),
  strategies: (app) => [app.get(TaskServer)],
});
