import { messagingMetrics } from '@mentorhub/metrics';
import { eventually, startTcpProxy, type TcpProxy } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Record, Recorded } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { TaskContext } from '../job/context.js';
import { PermanentError } from '@mentorhub/task-contracts';

describe('What runs while its channel is lost, so that its message comes a second time', () => {
  let servers: Servers;
  let proxy: TcpProxy;
  let application: TaskApplication;
  let gate: Gate;
  /** The attempt of each start of a handler. */
  let starts: number[];

  beforeAll(async () => {
    servers = await createServers();
    proxy = await startTcpProxy(servers.vhost.amqpUrl);
    application = await TaskApplication.start(servers, {
      amqpUrl: proxy.url,
      controllers: [ScriptedController],
      queues: { work: { concurrency: 4 }, outside: { concurrency: 4 }, listeners: { concurrency: 4 } },
    });
    await application.broker.untilReady();
  });

  beforeEach(() => {
    gate = new Gate();
    starts = [];
  });
  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await proxy?.close();
    await servers?.remove();
  });

  /** The first attempt waits until the test lets it fail; others succeed. */
  function failingFirst(error: Error): void {
    const handler = async (_: unknown, { attempt }: TaskContext) => {
      starts.push(attempt);
      if (starts.length > 1) return;
      await gate.pass();
      throw error;
    };
    Object.assign(script, { record: handler, call: handler, recorded: handler });
  }

  async function publishEvent(): Promise<void> {
    const retry = JSON.stringify({ maxRetries: 2, delaySeconds: 0.05, jitter: 'none' });
    const headers = { 'x-mh-version': '1', 'x-mh-retry': retry };
    const { name: routingKey, name: type } = Recorded;
    const body = Buffer.from('{"note":"news"}');
    await application.broker.publisher.publish({
      exchange: 'events',
      routingKey,
      type,
      body,
      messageId: randomUUID(),
      headers,
    });
  }

  /** Cuts the connections under the running handler, and resolves when its message is here for the second time. */
  async function comesAgain(queue: string, consumedBefore: number): Promise<void> {
    await eventually(() => gate.entered === 1, { what: 'the handler to run' });
    proxy.cut();
    const consumed = () => counted(messagingMetrics.consumedMessages, { destination: queue });
    await eventually(async () => (await consumed()) >= consumedBefore + 2, {
      what: 'the second delivery',
    });
  }
  const consumedOf = (queue: string) => counted(messagingMetrics.consumedMessages, { destination: queue });

  it('is tried again when it is an event, whose retry only a message holds', async () => {
    failingFirst(new Error('not yet'));
    const before = await consumedOf('listeners');
    await publishEvent();
    await comesAgain('listeners', before);
    gate.open();
    await eventually(() => starts.length >= 2, { what: 'the second attempt' });
    expect(starts).toEqual([1, 2]);
  });

  it.each([
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
  ] as const)('is tried once more when its row holds the retry, with %s effects', async (_, contract, queue) => {
    failingFirst(new Error('not yet'));
    const before = await consumedOf(queue);
    const retry = { maxRetries: 2, delaySeconds: 0.05, jitter: 'none' } as const;
    const { id } = await application.tasks.enqueue(contract, { note: 'again' }, { retry });
    await comesAgain(queue, before);
    gate.open();
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(starts).toEqual([1, 2]);
  });

  it.each([
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
  ] as const)('is parked once when it fails for good, with %s effects', async (_, contract, queue) => {
    failingFirst(new PermanentError('never'));
    const before = await consumedOf(queue);
    const id = await deliver(application, contract, { note: 'never' });
    await comesAgain(queue, before);
    gate.open();
    await application.failed(id);
    expect((await takeParked(servers)).map((parked) => parked.id)).toEqual([id]);
    expect(starts).toEqual([1]);
  });

  it('leaves nothing behind', async () => {
    await application.stop();
    expect(await left(servers, 'work', 'outside', 'listeners', 'dead-letters')).toEqual([]);
  });
});
