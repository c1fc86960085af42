import { eventually, PrivateBroker, PrivateDatabaseServer, type ServiceProcess } from '@mentorhub/testing';
import { Record } from '../../test/example-tasks.js';
import { deliver } from '../../test/messages.js';
import { writers } from '../../test/counts.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { startWorker } from '../../test/worker.js';

describe('A worker process', () => {
  let broker: PrivateBroker;
  let databaseServer: PrivateDatabaseServer;
  let servers: Servers;
  let producer: TaskApplication;
  let worker: ServiceProcess | undefined;

  beforeAll(async () => {
    [broker, databaseServer] = await Promise.all([PrivateBroker.create(), PrivateDatabaseServer.create()]);
    servers = await createServers({ broker, databaseServer });
    // Before all goes down, so that somebody has declared the topology and can enqueue when it is back.
    producer = await TaskApplication.start(servers);
    await broker.writeQueueDirectory();
  });

  afterEach(async () => {
    await worker?.kill();
    worker = undefined;
  });

  afterAll(async () => {
    await producer?.stop();
    await Promise.all([broker?.remove(), databaseServer?.remove()]);
  });

  const says = (text: string) =>
    eventually(() => worker!.output().includes(text), { what: `the log to say "${text}"` });
  const live = async () => (await fetch(`${worker!.operationsUrl}/health/live`)).status;

  it('D38: that starts before both servers waits with clear logs, alive and not ready, and then works', async () => {
    await Promise.all([broker.kill(), databaseServer.kill()]);
    worker = await startWorker(servers, { waitUntilReady: false });
    const { host } = new URL(servers.database.url);
    await says(`Waiting for PostgreSQL at ${host}: it does not accept connections yet.`);
    expect(await live()).toBe(200);
    expect(await worker.isReady()).toBe(false);
    await databaseServer.start();
    await says('RabbitMQ is away; trying again until it is back.');
    expect(await live()).toBe(200);
    expect(await worker.isReady()).toBe(false);
    await broker.start();
    await worker.ready();
    await producer.broker.untilReady();
    const id = await deliver(producer, Record, { note: 'first' });
    await eventually(async () => (await writers(servers)).includes(id));
  });

  it.each(['AMQP_URL', 'DATABASE_URL'])(
    'D38: with a wrong password in %s exits with 1 and one sentence',
    async (name) => {
      const url = new URL(name === 'AMQP_URL' ? servers.vhost.amqpUrl : servers.database.url);
      url.password = 'wr0ng';
      worker = await startWorker(servers, { env: { [name]: url.href }, waitUntilReady: false });
      expect(await worker.exited).toBe(1);
      const sentences = worker
        .output()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{"level":"info"'));
      expect(sentences).toHaveLength(1);
      expect(sentences[0]).toMatch(/refused the (user|password of user) ".+[.:] ?.*(correct|Set DATABASE_URL)/);
      expect(worker.output()).not.toContain('wr0ng');
    },
  );

  it('D37: is ready only with its broker, its queue and its database, again after each, and alive all the time', async () => {
    worker = await startWorker(servers, { env: { AMQP_TOPOLOGY: 'verify' } });
    const ready = (wanted: boolean) =>
      eventually(async () => (await worker!.isReady()) === wanted, { what: `readiness ${wanted}` });
    const { management } = servers.vhost;
    const faults: [() => Promise<unknown>, () => Promise<unknown>][] = [
      [() => databaseServer.kill(), () => databaseServer.start()],
      [() => broker.kill(), () => broker.start()],
      // Nobody declares it again but the test: its consumer stays away while connection and channel are there.
      [() => producer.stop().then(() => management.deleteQueue('work')), () => restoreQueue()],
    ];
    const restoreQueue = async () => {
      producer = await TaskApplication.start(servers);
    };
    for (const [goAway, comeBack] of faults) {
      await goAway();
      await ready(false);
      expect(await live()).toBe(200);
      await comeBack();
      await ready(true);
      expect(await live()).toBe(200);
    }
    const id = await deliver(producer, Record, { note: 'after' });
    await eventually(async () => (await writers(servers)).includes(id));
  });
});
