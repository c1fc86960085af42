// A worker of its own process for tests that need one to die. `kill` in a payload ends it in the middle of its handler.
import { baseConfig, DatabaseModule, loadConfig, startService } from '@mentorhub/service';
import { defineCatalogue, defineRouting, defineTask } from '@mentorhub/tasks/define';
import { TaskHandler, TasksModule, TaskServer } from '@mentorhub/tasks/server';
import { Controller } from '@nestjs/common';
import { z } from 'zod';

const settings = JSON.parse(process.env.WORKER);
const payload = z.strictObject({ note: z.string(), times: z.int().default(1) });
const result = z.strictObject({ written: z.int() });
const tasks = [
  defineTask({ name: 'ledger.record', version: 1, effects: 'database', payload, result }),
  defineTask({ name: 'outside.call', version: 1, effects: 'external', onAmbiguous: 'again', payload, result }),
  defineTask({ name: 'light.ping', version: 1, effects: 'idempotent', payload, result }),
];
const die = ({ note }) => note.startsWith('kill') && process.kill(process.pid, 'SIGKILL');

class Handlers {
  async record({ note }, { tx, id }) {
    die({ note });
    await tx.query('INSERT INTO public.ledger VALUES ($1, $2)', [note, id]);
    return { written: 1 };
  }

  call(payload, { once }) {
    return once(async () => die(payload)).then(() => ({ written: 1 }));
  }

  async ping(payload) {
    die(payload);
    return { written: 1 };
  }
}
Controller()(Handlers);
['record', 'call', 'ping'].forEach((method, index) =>
  TaskHandler(tasks[index])(Handlers.prototype, method, Object.getOwnPropertyDescriptor(Handlers.prototype, method)),
);

const module = {
  module: class Worker {},
  controllers: [Handlers],
  imports: [
    DatabaseModule.forRoot({ url: settings.databaseUrl, applicationName: 'deadly-worker', poolSize: 10 }),
    TasksModule.forRoot({
      ...settings.contracts,
      service: 'deadly-worker',
      worker: 'deadly-worker',
      catalogue: defineCatalogue({ tasks, events: [], routes: defineRouting([{ pattern: '*', queue: 'work' }]) }),
      broker: { url: settings.amqpUrl, topologyMode: 'declare' },
      payloadKeys: { activeId: 'test', keys: new Map([['test', Buffer.alloc(32)]]) },
      queues: settings.queues,
    }),
  ],
};
await startService({
  name: 'deadly-worker',
  config: () => loadConfig(z.object(baseConfig), { METRICS_PORT: '0', LOG_LEVEL: 'warn', HOST: '127.0.0.1' }),
  module: () => module,
  strategies: (app) => [app.get(TaskServer)],
});
