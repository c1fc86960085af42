import { jest } from '@jest/globals';
import { ShutdownError } from '@mentorhub/service';
import { eventually, startTcpProxy } from '@mentorhub/testing';
import { Call, exchanges, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { TaskResults } from '@mentorhub/tasks';

/** Longer than a busy machine needs; what is not over then hangs. */
const patiently = { timeoutSeconds: 200 };

describe('The result of a task', () => {
  let servers: Servers;
  /** Runs tasks; its history stays as it is, so that only events and the inbox tell of ends. */
  let application: TaskApplication;
  const running = { controllers: [ScriptedController], project: false };
  const queues = { work: { concurrency: 20 }, outside: { concurrency: 20 } };

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, { ...running, queues });
  });

  beforeEach(resetScript);

  afterAll(async () => {
    resetScript();
    await application?.stop();
    await servers?.remove();
  });

  const enqueue = (note = 'x') => application.tasks.enqueue(Record, { note, times: 3 });
  const listening = async () =>
    (await servers.vhost.management.bindings()).filter(
      ({ source, destination }) => source === exchanges.taskEvents && destination.startsWith('results.'),
    );
  const untilListening = () =>
    eventually(async () => (await listening()).length > 0, { what: 'somebody listens to results' });

  it('is what the handler returned, as the contract types it', async () => {
    const task = await enqueue();
    const { written }: { written: number } = await task.result(patiently);
    expect(written).toBe(3);
  });

  it('reads, compares and serialises as its id, state and whether it was made', async () => {
    const task = await enqueue();
    expect(JSON.parse(JSON.stringify(task))).toEqual({ id: task.id, state: 'queued', created: true });
    await task.result(patiently);
  });

  it('is null of a task that returns nothing, and can be asked for by an id that was kept', async () => {
    const { id } = await application.tasks.enqueue(Call, { note: 'x' });
    expect(await application.tasks.resultOf(Call, id.toUpperCase(), { timeoutSeconds: 200 })).toBeNull();
  });

  it('is known for many, each its own', async () => {
    const requests = [1, 2, 3].map((times) => ({ contract: Record, payload: { note: 'x', times } }));
    const many = await application.tasks.enqueueMany(requests);
    expect(await Promise.all(many.map((task) => task.result(patiently)))).toEqual(
      [1, 2, 3].map((written) => ({ written })),
    );
  });

  it('is the recorded error of a task that failed', async () => {
    script.record = () => Promise.reject(new RangeError('too far'));
    const task = await enqueue();
    await expect(task.result(patiently)).rejects.toMatchObject({
      name: 'TaskFailedError',
      taskId: task.id,
      error: { name: 'RangeError', message: 'too far' },
      message: `Task ${task.id} (ledger.record) failed: RangeError: too far`,
    });
  });

  it('is not there in time when the task is not over, and there afterwards', async () => {
    const gate = new Gate();
    script.record = () => gate.pass();
    const task = await enqueue();
    await expect(task.result({ timeoutSeconds: 0.3 })).rejects.toMatchObject({
      name: 'ResultTimeoutError',
      taskId: task.id,
      timeoutSeconds: 0.3,
    });
    await expect(task.result({ timeoutSeconds: 0 })).rejects.toThrow('was not over within 0 s');
    gate.open();
    expect(await task.result(patiently)).toEqual({ written: 3 });
  });

  it('says that the task was revoked', async () => {
    const task = await application.tasks.enqueue(Record, { note: 'x' }, { countdownSeconds: 600 });
    const waiting = task.result(patiently);
    await application.tasks.revoke(task.id);
    await expect(waiting).rejects.toMatchObject({ name: 'TaskRevokedError', taskId: task.id });
  });

  it('says that the task was revoked while it ran', async () => {
    const started = Promise.withResolvers<void>();
    script.record = (_, { signal }) => {
      started.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const task = await enqueue();
    const waiting = task.result(patiently);
    await started.promise;
    await application.tasks.revoke(task.id, { terminate: true });
    await expect(waiting).rejects.toMatchObject({ name: 'TaskRevokedError' });
  });

  it('says that the task expired', async () => {
    const task = await application.tasks.enqueue(Record, { note: 'x' }, { countdownSeconds: 600 });
    const told = task.result(patiently);
    await untilListening();
    await servers.database.query(
      `UPDATE tasks.task SET due_at = now(), expires_at = now() - interval '1 second' WHERE id = $1`,
      [task.id],
    );
    await expect(told).rejects.toMatchObject({ name: 'TaskExpiredError', taskId: task.id });
  });

  it('is refused to who asks for it by another contract, or by what is no id', async () => {
    const task = await enqueue();
    await task.result(patiently);
    await expect(application.tasks.resultOf(Ping, task.id)).rejects.toThrow('is "ledger.record" and not "light.ping"');
    await expect(application.tasks.resultOf(Record, 'mine')).rejects.toThrow('"mine" is no id of a task');
    await expect(task.result({ timeoutSeconds: -1 })).rejects.toThrow(RangeError);
  });

  it('comes with the event, before any history knows, also of a light task that has no row', async () => {
    const gate = new Gate();
    script.ping = () => gate.pass();
    const task = await application.tasks.enqueue(Ping, { note: 'light' });
    const waiting = task.result(patiently);
    await untilListening();
    gate.open();
    expect(await waiting).toBeNull();
    expect(await application.store.history.find(task.id)).toBeUndefined();
  });

  it('of an end before anybody waited is read from the inbox', async () => {
    const task = await enqueue();
    await eventually(async () => (await application.ledger()).length > 0);
    expect((await application.store.history.find(task.id))?.state).not.toBe('succeeded');
    expect(await task.result(patiently)).toEqual({ written: 3 });
  });

  function waitingOptions() {
    const { store, broker } = application;
    return { store, broker, exchange: exchanges.taskEvents, worker: 'other', stopping: new AbortController().signal };
  }

  describe('in a process that runs none itself', () => {
    it('is there right after a reconnect, when the task ended meanwhile', async () => {
      const { management } = servers.vhost;
      const before = new Set((await management.connections()).map(({ name }) => name));
      const waiter = await TaskApplication.start(servers, { project: false, worker: 'waiter' });
      try {
        for (const round of [1, 2]) {
          const gate = new Gate();
          script.record = () => gate.pass();
          const task = await waiter.tasks.enqueue(Record, { note: `${round}`, times: round });
          const waiting = task.result(patiently);
          await eventually(() => gate.entered === 1);
          const own = await eventually(async () => {
            const found = (await management.connections()).filter(({ name }) => !before.has(name));
            return found.length >= 2 && found;
          });
          await Promise.all(own.map(({ name }) => management.closeConnection(name)));
          gate.open();
          expect(await waiting).toEqual({ written: round });
          await waiter.broker.untilReady();
        }
      } finally {
        await waiter.stop();
      }
    });

    it('is there although its broker is away, once the database knows', async () => {
      const proxy = await startTcpProxy(servers.vhost.amqpUrl);
      await proxy.refuse();
      const waiter = await TaskApplication.start(servers, { project: false, amqpUrl: proxy.url });
      try {
        const task = await waiter.tasks.enqueue(Record, { note: 'away', times: 2 });
        expect(await task.result(patiently)).toEqual({ written: 2 });
      } finally {
        await waiter.stop();
        await proxy.close();
      }
    });
  });

  it('is not waited for much longer than asked for when PostgreSQL has fallen silent', async () => {
    const gate = new Gate();
    script.record = () => gate.pass();
    const proxy = await startTcpProxy(servers.database.url);
    const waiter = await TaskApplication.start(servers, { project: false, databaseUrl: proxy.url });
    try {
      const task = await waiter.tasks.enqueue(Record, { note: 'silent', times: 2 });
      await eventually(() => gate.entered === 1);
      proxy.stall();
      // The connection itself is taken for lost after 100 s, which is more than this test has.
      await expect(task.result({ timeoutSeconds: 1 })).rejects.toMatchObject({ name: 'ResultTimeoutError' });
      await proxy.resume();
      gate.open();
      expect(await task.result(patiently)).toEqual({ written: 2 });
    } finally {
      gate.open();
      await proxy.resume();
      await waiter.stop();
      await proxy.close();
    }
  });

  it('costs few queries, however many wait', async () => {
    const gate = new Gate();
    script.record = () => gate.pass();
    const requests = Array.from({ length: 200 }, (_, times) => ({
      contract: Record,
      payload: { note: 'many', times },
    }));
    const many = await application.tasks.enqueueMany(requests);
    const reads = jest.spyOn(application.store.history, 'findEnded');
    const since = performance.now();
    const waiting = Promise.all(many.map((task) => task.result(patiently)));
    await eventually(() => gate.entered >= 20);
    gate.open();
    expect(await waiting).toEqual(many.map((_, written) => ({ written })));
    expect(reads.mock.calls.length).toBeLessThan(6 + (performance.now() - since) / 1_000);
    reads.mockRestore();
  });

  it('is listened to only while somebody waits, and for a while after', async () => {
    const results = new TaskResults({ ...waitingOptions(), lingerSeconds: 0.1 });
    const own = async () => (await listening()).filter(({ destination }) => destination.startsWith('results.other.'));
    for (let round = 0; round < 2; round += 1) {
      const task = await application.tasks.enqueue(Record, { note: 'x' }, { countdownSeconds: 600 });
      const waiting = results.wait(task.id, 30);
      await eventually(async () => (await own()).length === 1, { what: 'a queue of its own' });
      await application.tasks.revoke(task.id);
      await waiting;
      await eventually(async () => (await own()).length === 0, { what: 'no queue of its own' });
    }
  });

  it('keeps nobody waiting when the service stops, and leaves nothing behind', async () => {
    const task = await application.tasks.enqueue(Record, { note: 'x' }, { countdownSeconds: 600 });
    const waiting = expect(task.result(patiently)).rejects.toThrow(ShutdownError);
    await untilListening();
    await application.stop();
    await waiting;
    await expect(task.result(patiently)).rejects.toThrow(ShutdownError);
    await eventually(async () => (await listening()).length === 0);
  });
});
