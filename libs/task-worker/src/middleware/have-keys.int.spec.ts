import { taskHeaders } from '@mentorhub/task-store';
import { eventually } from '@mentorhub/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { Call } from '../../test/example-tasks.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

const right = { activeId: 'a', keys: new Map([['a', randomBytes(32)]]) };
const others = { activeId: 'b', keys: new Map([['b', randomBytes(32)]]) };
const confused = { activeId: 'a', keys: new Map([['a', randomBytes(32)]]) };

describe('A worker without the key of a payload', () => {
  let servers: Servers;
  let producer: TaskApplication;
  let worker: TaskApplication | undefined;

  const startWorker = async (payloadKeys: typeof right) => {
    const queues = { outside: { concurrency: 2 } };
    worker = await TaskApplication.start(servers, {
      payloadKeys,
      queues,
      controllers: [ScriptedController],
      project: false,
    });
    return worker;
  };
  const stopWorker = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const keysOf = async (application: TaskApplication) =>
    (await application.service.health.report()).checks['payload keys'];

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers, { payloadKeys: right });
  });
  beforeEach(() => {
    script.call = ({ note }, ctx) => ctx.once(async () => outside(note));
  });
  afterEach(async () => {
    resetScript();
    await stopWorker();
  });
  afterAll(async () => {
    await producer?.stop();
    await servers?.remove();
  });

  it.each([
    ['knows no key of that id', others, 'down: PAYLOAD_KEYS has no key "a"; add the key that it was encrypted with.'],
    ['has another key under that id', confused, 'down: PAYLOAD_KEYS has another key "a" than the one it was encrypted'],
  ])('that %s gives the task back, is not ready and says why, and parks nothing', async (_, keys, sentence) => {
    const wrong = await startWorker(keys);
    expect(await keysOf(wrong)).toBe('ok');
    const { id } = await producer.tasks.enqueue(Call, { note: 'mail', secret: 'hush' });
    await eventually(async () => (await keysOf(wrong))?.startsWith(sentence), {
      what: 'it is not ready',
    });
    expect((await wrong.service.health.report()).status).toBe('down');
    await stopWorker();
    expect(await left(servers, 'dead-letters')).toEqual([]);
    const good = await startWorker(right);
    await eventually(async () => (await producer.store.history.find(id))?.state === 'succeeded', {
      what: 'another worker does it',
    });
    expect(await producer.store.history.find(id)).toMatchObject({ attempt: 1 });
    expect(calls).toEqual(['mail']);
    expect(await keysOf(good)).toBe('ok');
  });

  it('parks what was due a day ago, is due a day from now, or says no due time: it does not come round for ever', async () => {
    const wrong = await startWorker(others);
    const secret = 'mh1:unheard-of:AAAA';
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    await deliver(producer, Call, { note: 'old', secret }, { dueAt: yesterday });
    const farAhead = new Date('9999-01-01T00:00:00Z');
    await deliver(producer, Call, { note: 'far ahead', secret }, { dueAt: farAhead });
    const message = { exchange: 'tasks', routingKey: 'outside.by.hand', type: Call.name, messageId: randomUUID() };
    const body = Buffer.from(JSON.stringify({ note: 'by hand', secret }));
    await producer.broker.publisher.publish({ ...message, body, headers: { [taskHeaders.version]: 1 } });
    const parked = await takeParked(servers, 3);
    expect(parked.map(({ envelope }) => envelope.reason)).toEqual(Array(3).fill('undecodable'));
    expect(parked[0]?.envelope.error.message).toContain('PAYLOAD_KEYS has no key "unheard-of"');
    expect(await keysOf(wrong)).toBe('ok');
    expect(calls).toEqual([]);
  });
});
