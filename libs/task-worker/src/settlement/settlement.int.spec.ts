import { eventually } from '@mentorhub/testing';
import { Call, Ping, Record, topology } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeTold } from '../../test/messages.js';
import { calls, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import {
  createServers,
  TaskApplication,
  type Servers,
  type TaskApplicationOptions,
} from '../../test/task-application.js';

/** A service would have what was deleted declared again; what it does not know of stays away. */
const withoutEvents = {
  ...topology,
  queues: topology.queues.filter(({ name }) => name !== 'task-events'),
  bindings: topology.bindings.filter(({ queue }) => queue !== 'task-events'),
};

describe('The outcome of a task', () => {
  let servers: Servers;
  let application: TaskApplication;

  const start = async (options: TaskApplicationOptions = {}) => {
    const queues = { work: { concurrency: 20 }, outside: { concurrency: 20 } };
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues,
      project: false,
      ...options,
    });
  };

  beforeEach(async () => {
    resetScript();
    servers = await createServers();
  });

  afterEach(async () => {
    resetScript();
    await application?.stop();
    await servers?.remove();
  });

  const kept = async () =>
    (await servers.database.query('SELECT publish_attempts, publish_error FROM tasks.event_outbox'))[0];

  it('is told together with others, in few messages', async () => {
    await start();
    await Promise.all(Array.from({ length: 300 }, (_, n) => deliver(application, Ping, { note: `${n}` })));
    await eventually(() => calls.length === 300);
    await application.stop();
    const messages = await servers.vhost.management.getMessages('task-events', 1_000, 'ack_requeue_false');
    expect(messages.flatMap((message) => message.json() as unknown[])).toHaveLength(300);
    expect(messages.length).toBeLessThan(150);
    expect(await left(servers, 'work')).toEqual([]);
  });

  it('is told at once when nothing else runs, and does not wait for a slow task beside it', async () => {
    await start();
    const gate = new Gate();
    script.record = () => gate.pass();
    await deliver(application, Record, { note: 'slow' });
    await eventually(() => gate.entered === 1);
    const id = await deliver(application, Call, { note: 'quick' });
    expect(await takeTold(servers, 1)).toMatchObject([{ taskId: id, kind: 'succeeded' }]);
    gate.open();
    await takeTold(servers, 1);
  });

  it('is kept in PostgreSQL while no queue takes it, and goes out when there is one', async () => {
    await start({ topology: withoutEvents });
    const id = await deliver(application, Ping, { note: 'one' });
    const row = await eventually(async () => {
      const found = await kept();
      return found?.['publish_error'] ? found : undefined;
    });
    expect(row['publish_error']).toContain('No queue took the message to exchange "task-events"');
    await servers.vhost.management.declareQueue('task-events');
    await servers.vhost.management.bind('task-events', 'task-events');
    expect(await takeTold(servers, 1)).toMatchObject([{ taskId: id, kind: 'succeeded' }]);
    await eventually(async () => (await kept()) === undefined);
    await application.stop();
    expect(await left(servers, 'work')).toEqual([]);
  });

  it('is not lost when its exchange is deleted under the service', async () => {
    await start();
    await servers.vhost.management.deleteExchange('task-events');
    const id = await deliver(application, Ping, { note: 'one' });
    expect(await takeTold(servers, 1)).toMatchObject([{ taskId: id, kind: 'succeeded' }]);
  });

  it('is durable before its delivery is acked: while neither broker nor database takes it, nothing is', async () => {
    await start({ topology: withoutEvents });
    await servers.database.query('ALTER TABLE tasks.event_outbox RENAME TO hidden');
    await deliver(application, Call, { note: 'one' });
    const unacked = (count: number) =>
      servers.vhost.management.waitForQueue(
        'outside',
        ({ messages_unacknowledged }) => messages_unacknowledged === count,
      );
    await unacked(1);
    expect(calls).toEqual(['one']);
    await servers.database.query('ALTER TABLE tasks.hidden RENAME TO event_outbox');
    await eventually(kept, { what: 'the outcome in PostgreSQL' });
    await unacked(0);
    await application.stop();
    expect(await left(servers, 'outside')).toEqual([]);
    await start();
    expect(await takeTold(servers, 1)).toMatchObject([{ kind: 'succeeded', name: Call.name }]);
    expect(calls).toEqual(['one']);
  });
});
