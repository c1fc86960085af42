import 'reflect-metadata';
import { loadConfig, runService } from '@mentorhub/service';
import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { defineCatalogue, type Payload } from '@mentorhub/task-contracts';
import {
  TaskHandler,
  TaskServer,
  taskService,
  taskServiceConfig,
  type DatabaseContext,
  type ExternalContext,
} from '../src/index.js';
import { catalogue, exchanges, Record, topology } from './example-tasks.js';
import { QuickCall } from './quick-call.js';
import { write } from './scripted-handlers.js';

/** A service with handlers as a process of its own; `startWorker` starts it. */
@Controller()
class WorkerController {
  constructor(@Inject(DataSource) private readonly outside: DataSource) {}

  @TaskHandler(Record)
  async record({ note, times }: Payload<typeof Record>, { tx, id }: DatabaseContext) {
    await write(tx, note, id);
    return { written: times };
  }

  /** Its effect is outside of any transaction of the runtime, and in the same table so that tests can count it. */
  @TaskHandler(QuickCall)
  call({ note }: Payload<typeof QuickCall>, ctx: ExternalContext) {
    return ctx.once(async () => void (await write(this.outside.manager, note, ctx.id)));
  }
}

const contracts = {
  catalogue: defineCatalogue({
    tasks: [Record, QuickCall],
    events: [],
    routes: catalogue.routes,
  }),
  topology,
  exchanges,
};

await runService({
  name: 'worker-process',
  config: () => loadConfig(z.object(taskServiceConfig)),
  module: (config) => ({
    module: class WorkerModule {},
    controllers: [WorkerController],
    imports: taskService({
      service: 'worker-process',
      config,
      contracts,
      queues: { work: { concurrency: 5 }, outside: { concurrency: 5 } },
    }),
  }),
  strategies: (app) => [app.get(TaskServer)],
});
