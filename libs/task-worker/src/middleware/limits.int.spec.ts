import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '@mentorhub/testing';
import { taskMetrics } from '@mentorhub/metrics';
import { exchanges, Ping, Record, Recorded, Warned } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('The limits of a task', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 4 }, listeners: { concurrency: 1 } },
    });
  });

  beforeEach(resetScript);
  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it('B14: ends a task as expired, unrun and without failure, when its expiry passed while it waited', async () => {
    for (const contract of [Ping, Record]) {
      const before = await counted(taskMetrics.processed, { task: contract.name, outcome: 'expired' });
      const { id } = await application.tasks.enqueue(
        contract,
        { note: 'late' },
        { expires: new Date(Date.now() - 1_000) },
      );
      expect(await application.ended(id)).toMatchObject({ state: 'expired', error: null, result: null });
      expect(await counted(taskMetrics.processed, { task: contract.name, outcome: 'expired' })).toBe(before + 1);
    }
    expect(calls).toEqual([]);
    expect(await application.ledger()).toEqual([]);
    expect(await servers.vhost.management.getMessages('dead-letters')).toEqual([]);
  });

  it('drops no event for an expiry that somebody wrote into its headers: events have none', async () => {
    const headers = { 'x-mh-version': 1, 'x-mh-expires-at': '2020-01-01T00:00:00Z' };
    const { name } = Recorded;
    const event = { exchange: exchanges.events, routingKey: name, type: name, messageId: randomUUID(), headers };
    await application.broker.publisher.publish({ ...event, body: Buffer.from('{"note":"late"}') });
    await eventually(async () => (await application.ledger()).includes('heard late'));
    await servers.database.query('TRUNCATE public.ledger');
  });

  it('B14: goes by the clock of the database, not by the worker’s', async () => {
    const now = jest.spyOn(application.store.clock, 'now').mockReturnValue(Date.now() + 7_200_000);
    const expires = new Date(Date.now() + 3_600_000);
    const { id } = await application.tasks.enqueue(Ping, { note: 'late there' }, { expires });
    expect((await application.ended(id)).state).toBe('expired');
    now.mockRestore();
  });

  it('B14: runs a task whose expiry is still ahead', async () => {
    const { id } = await application.tasks.enqueue(
      Ping,
      { note: 'in time' },
      { expires: new Date(Date.now() + 60_000) },
    );
    expect((await application.ended(id)).state).toBe('succeeded');
  });

  it('B15: fires the signal at the soft limit, and the handler may clean up', async () => {
    let reason: unknown;
    script.ping = (_payload, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve();
        });
      });
    const { id } = await application.tasks.enqueue(Warned, { note: 'long' });
    expect((await application.ended(id)).state).toBe('succeeded');
    expect(reason).toMatchObject({ name: 'TimeoutError', message: "The task's soft time limit of 0.2 s is reached." });
  });

  it('says in the history that a task has started when it takes longer', async () => {
    const gate = new Gate();
    script.ping = () => gate.pass();
    const { id } = await application.tasks.enqueue(Ping, { note: 'long' });
    await eventually(async () => (await application.store.history.find(id))?.state === 'started');
    gate.open();
    await application.ended(id);
    const timeline = await eventually(async () => {
      const told = await application.store.history.timeline(id);
      return told.length >= 2 ? told : undefined;
    });
    expect(timeline.map(({ kind, worker }) => [kind, worker])).toEqual([
      ['started', 'test-worker'],
      ['succeeded', 'test-worker'],
    ]);
    expect(timeline[1]?.details?.runSeconds).toBeGreaterThan(0.1);
  });

  it('B23: never runs more at once than configured, and a slow task does not hold back the quick ones', async () => {
    const gate = new Gate();
    let running = 0;
    let most = 0;
    script.ping = async ({ note }) => {
      running += 1;
      most = Math.max(most, running);
      await (note === 'slow' ? gate.pass() : new Promise(setImmediate));
      outside(note);
      running -= 1;
    };
    const slow = await deliver(application, Ping, { note: 'slow' });
    await eventually(() => gate.entered === 1);
    const quick = await Promise.all(
      Array.from({ length: 200 }, (_, n) => deliver(application, Ping, { note: `quick ${n}` })),
    );
    await eventually(() => calls.length === quick.length);
    expect(calls).not.toContain('slow');
    gate.open();
    await application.ended(slow);
    expect(most).toBe(4);
  });
});
