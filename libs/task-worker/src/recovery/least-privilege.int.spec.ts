import { eventually, type ServiceProcess } from '@mentorhub/testing';
import { Record } from '../../test/example-tasks.js';
import { QuickCall } from '../../test/quick-call.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { startWorker } from '../../test/worker.js';

/** What docs/policies.md says that a worker of these queues needs with `AMQP_TOPOLOGY=verify`. */
const permissions = {
  configure: String.raw`^control\..*$`,
  write: String.raw`^(tasks|events|task-events|dead-letters|delay\.v1\.level-\d\d|control\..*)$`,
  read: String.raw`^(work|outside|control|control\..*)$`,
};

describe('A worker whose user may do only what it has to', () => {
  let servers: Servers;
  let producer: TaskApplication;
  let worker: ServiceProcess | undefined;

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers);
  });

  afterAll(async () => {
    await worker?.kill();
    await producer?.stop();
    await servers?.remove();
  });

  it('D37: is ready once the topology is there, works, and is not ready when something that it uses goes missing', async () => {
    const env = { AMQP_URL: await servers.vhost.createUser(permissions), AMQP_TOPOLOGY: 'verify' };
    worker = await startWorker(servers, { env });
    const { id } = await producer.tasks.enqueue(Record, { note: 'as a weak user' });
    expect((await producer.ended(id)).state).toBe('succeeded');

    // Nothing of it is under way, so only a look can tell; and nobody declares it again while the producer is gone.
    await producer.stop();
    await servers.vhost.management.deleteExchange('delay.v1.level-03');
    const ready = (wanted: boolean) =>
      eventually(async () => (await worker!.isReady()) === wanted, { what: `readiness ${wanted}` });
    await ready(false);
    producer = await TaskApplication.start(servers);
    await ready(true);
    const call = await producer.tasks.enqueue(QuickCall, { note: 'after' });
    expect((await producer.ended(call.id)).state).toBe('succeeded');
  });
});
