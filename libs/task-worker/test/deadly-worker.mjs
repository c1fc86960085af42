// A worker of its own process for tests that need one to die. What the payload says happens in the middle of its handler:
// `kill` ends the process; `slow` tells that it began, and waits until the ledger says `go`; `a while` takes a second.
import { baseConfig, DatabaseModule, loadConfig, runService } from '@mentorhub/service';
import { defineCatalogue, defineEvent, defineRouting, defineTask } from '@mentorhub/task-contracts';
import { EventHandler, TaskHandler, TasksModule, TaskServer } from '@mentorhub/task-worker';
import { Controller, Inject } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { z } from 'zod';

const settings = JSON.parse(process.env.WORKER);
const payload = z.strictObject({ note: z.string(), times: z.int().default(1) });
const result = z.strictObject({ written: z.int() });
const tasks = [
  defineTask({ name: 'ledger.record', version: 1, effects: 'database', payload, result }),
  defineTask({ name: 'outside.call', version: 1, effects: 'external', onAmbiguous: 'again', payload, result }),
  defineTask({ name: 'light.ping', version: 1, effects: 'idempotent', payload, result }),
];
const events = [defineEvent({ name: 'ledger.recorded', version: 1, payload: z.strictObject({ note: z.string() }) })];

class Handlers {
  constructor(dataSource) {
    this.dataSource = dataSource;
  }

  async record({ note }, { tx, id }) {
    await this.act(note);
    await tx.query('INSERT INTO public.ledger VALUES ($1, $2)', [note, id]);
    return { written: 1 };
  }

  call({ note }, { once }) {
    return once(() => this.act(note)).then(() => ({ written: 1 }));
  }

  async ping({ note }) {
    await this.act(note);
    return { written: 1 };
  }

  async recorded({ note }) {
    await this.act(note);
  }

  async act(note) {
    if (note.startsWith('kill')) process.kill(process.pid, 'SIGKILL');
    if (note === 'a while') await pause(1_000);
    if (note !== 'slow') return;
    await this.dataSource.query('INSERT INTO public.ledger VALUES ($1)', [`${process.pid} began ${note}`]);
    while ((await this.dataSource.query(`SELECT FROM public.ledger WHERE note = 'go'`)).length === 0) await pause(50);
  }
}
Controller()(Handlers);
Inject(DataSource)(Handlers, undefined, 0);
const handles = (decorate, method) =>
  decorate(Handlers.prototype, method, Object.getOwnPropertyDescriptor(Handlers.prototype, method));
['record', 'call', 'ping'].forEach((method, index) => handles(TaskHandler(tasks[index]), method));
handles(EventHandler(events[0]), 'recorded');

const module = {
  module: class Worker {},
  controllers: [Handlers],
  imports: [
    DatabaseModule.forRoot({ url: settings.databaseUrl, applicationName: 'deadly-worker', poolSize: 10 }),
    TasksModule.forRoot({
      ...settings.contracts,
      service: 'deadly-worker',
      worker: 'deadly-worker',
      catalogue: defineCatalogue({ tasks, events, routes: defineRouting([{ pattern: '*', queue: 'work' }]) }),
      broker: { url: settings.amqpUrl, topologyMode: 'declare' },
      payloadKeys: { activeId: 'test', keys: new Map([['test', Buffer.alloc(32)]]) },
      queues: settings.queues,
    }),
  ],
};
await runService({
  name: 'deadly-worker',
  config: () => loadConfig(z.object(baseConfig), { METRICS_PORT: '0', LOG_LEVEL: 'warn', HOST: '127.0.0.1' }),
  module: () => module,
  strategies: (app) => [app.get(TaskServer)],
});
