import { jest } from '@jest/globals';
import { messagingMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Record, Recorded } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeTold } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

jest.setTimeout(60_000);

describe('A message that is delivered twice', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 10 }, outside: { concurrency: 10 }, listeners: { concurrency: 2 } },
      project: false,
    });
  });

  beforeEach(async () => {
    resetScript();
    await servers.database.query('TRUNCATE public.ledger');
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const delayed = () => counted(messagingMetrics.sentMessages, { destination: 'delay.v1.level-02', error_type: '' });
  const moreDelayed = async (before: number, count: number) =>
    eventually(async () => (await delayed()) === before + count, { what: `${count} delayed messages` });
  const waitingBackends = () =>
    servers.database.query(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );

  it('B17: has the effects of a database task once, and its stored outcome is told again', async () => {
    const id = await deliver(application, Record, { note: 'once' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Record, { note: 'once' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(first).toMatchObject({ taskId: id, kind: 'succeeded', result: { written: 1 } });
    expect(await application.ledger()).toEqual(['once']);
  });

  it('B17: makes the call of an external task once, and its stored outcome is told again', async () => {
    const id = await deliver(application, Call, { note: 'once' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Call, { note: 'once' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(calls).toEqual(['once']);
  });

  it('B17: tells a stored failure again instead of trying again', async () => {
    let runs = 0;
    script.record = async () => {
      runs += 1;
      throw new Error('no');
    };
    const id = await deliver(application, Record, { note: 'fails' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Record, { note: 'fails' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(runs).toBe(1);
  });

  it('knows a task by its id however that is written', async () => {
    const id = randomUUID();
    await deliver(application, Call, { note: 'case' }, { id });
    await takeTold(servers, 1);
    await deliver(application, Call, { note: 'case' }, { id: id.toUpperCase() });
    expect((await takeTold(servers, 1))[0]?.taskId).toBe(id);
    expect(calls).toEqual(['case']);
  });

  it('B17: is not run twice at once, nor does a connection wait for it, for database effects', async () => {
    const gate = new Gate();
    script.record = async ({ note }, { tx, id }) => {
      await write(tx, note, id);
      await gate.pass();
    };
    const id = await deliver(application, Record, { note: 'slow' });
    await eventually(() => gate.entered === 1);
    const before = await delayed();
    for (let n = 0; n < 7; n += 1) await deliver(application, Record, { note: 'slow' }, { id });
    await moreDelayed(before, 7);
    expect(await waitingBackends()).toEqual([]);
    gate.open();
    const told = await takeTold(servers, 8);
    expect(new Set(told.map(({ at }) => at)).size).toBe(1);
    expect(gate.entered).toBe(1);
    expect(await application.ledger()).toEqual(['slow']);
  });

  it('B17: is not run twice at once, nor does a connection wait for it, for external effects', async () => {
    const gate = new Gate();
    script.call = ({ note }, ctx) =>
      ctx.once(async () => {
        outside(note);
        await gate.pass();
      });
    const id = await deliver(application, Call, { note: 'slow' });
    await eventually(() => gate.entered === 1);
    const before = await delayed();
    await deliver(application, Call, { note: 'slow' }, { id });
    await moreDelayed(before, 1);
    expect(await waitingBackends()).toEqual([]);
    const idle = `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
    expect(await servers.database.query(idle)).toEqual([{ count: 0 }]);
    gate.open();
    await takeTold(servers, 2);
    expect(calls).toEqual(['slow']);
  });

  it('keeps its identity on the way through the delay', async () => {
    const gate = new Gate();
    script.record = () => gate.pass();
    const id = await deliver(application, Record, { note: 'same' });
    await eventually(() => gate.entered === 1);
    const expiresAt = new Date(Date.now() + 3_600_000);
    await deliver(application, Record, { note: 'same' }, { id, expiresAt, headers: { 'x-user': 'kept' } });
    const [message] = await eventually(async () => {
      const found = await servers.vhost.management.getMessages('delay.v1.level-02', 1, 'ack_requeue_false');
      return found.length > 0 && found;
    });
    gate.open();
    await takeTold(servers, 1);
    expect(message?.properties).toMatchObject({
      message_id: id,
      type: Record.name,
      app_id: 'elsewhere',
      content_type: 'application/json',
      delivery_mode: 2,
    });
    expect(message?.properties.timestamp).toBeGreaterThan(0);
    expect(message?.headers).toMatchObject({
      'x-user': 'kept',
      'x-mh-run': 1,
      'x-mh-attempt': 1,
      'x-mh-expires-at': expiresAt.toISOString(),
    });
    expect(message?.json()).toEqual({ note: 'same' });
  });

  it('counts once per queue when it is a domain event', async () => {
    const message = {
      exchange: 'events',
      routingKey: Recorded.name,
      type: Recorded.name,
      body: Buffer.from('{"note":"news"}'),
    };
    const event = { ...message, messageId: randomUUID(), headers: { 'x-mh-version': '1' } };
    await application.broker.publisher.publish(event);
    await application.broker.publisher.publish(event);
    await application.broker.publisher.publish({
      ...event,
      messageId: randomUUID(),
      body: Buffer.from('{"note":"more"}'),
    });
    await eventually(async () => (await application.ledger()).includes('heard more'));
    await application.stop();
    expect(await application.ledger()).toEqual(['heard more', 'heard news']);
    expect(await left(servers, 'work', 'outside', 'listeners')).toEqual([]);
  });
});
