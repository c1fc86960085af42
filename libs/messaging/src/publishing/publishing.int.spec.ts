import { createVhost, eventually, startTcpProxy, type TcpProxy, type TestVhost } from '@mentorhub/testing';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { Broker, type BrokerOptions } from '../broker.js';
import type { Topology } from '../topology/topology.js';
import { largestBodyBytes, type OutgoingMessage } from './outgoing-message.js';
import { PublishError } from './publish-error.js';

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 };
const topology: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: [
    { name: 'email', arguments: quorum },
    { name: 'small', arguments: { ...quorum, 'x-max-length': 1, 'x-overflow': 'reject-publish' } },
  ],
  bindings: [
    { exchange: 'tasks', routingKey: 'email.#', queue: 'email' },
    { exchange: 'tasks', routingKey: 'small.#', queue: 'small' },
  ],
};

describe('publishing', () => {
  let vhost: TestVhost;
  let probe: { connection: ChannelModel; channel: Channel };
  let proxy: TcpProxy;
  let brokers: Broker[] = [];

  beforeAll(async () => {
    vhost = await createVhost();
    const connection = await connect(vhost.amqpUrl);
    probe = { connection, channel: await connection.createChannel() };
  });

  afterAll(async () => {
    await probe.connection.close();
    await vhost.remove();
  });

  beforeEach(async () => {
    proxy = await startTcpProxy(vhost.amqpUrl);
  });

  afterEach(async () => {
    await proxy.resume();
    await Promise.all(brokers.map((broker) => broker.close()));
    brokers = [];
    await proxy.close();
    await vhost.management.purge('email').catch(() => undefined);
  });

  async function start(publishing: BrokerOptions['publishing'] = {}): Promise<Broker> {
    const ignore = () => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    const onFatal = (error: Error): never => {
      throw error;
    };
    const options = {
      clientName: 'publishing-test',
      topology,
      topologyMode: 'declare',
      logger,
      publishing,
      onFatal,
    } as const;
    const broker = new Broker({ url: proxy.url, ...options });
    brokers.push(broker);
    broker.start();
    await broker.untilReady();
    return broker;
  }

  function message(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
    return { exchange: 'tasks', routingKey: 'email.send', body: Buffer.from('{}'), mandatory: true, ...fields };
  }

  /** Asked over AMQP: the management's counts of quorum queues are seconds old. */
  const storedCount = async () => (await probe.channel.checkQueue('email')).messageCount;

  const failureOf = (published: Promise<void>) =>
    published.then(
      () => 'confirmed',
      (error: PublishError) => error.failure,
    );

  it('resolves when the broker has the message, with all its properties', async () => {
    const broker = await start();
    await broker.publisher.publish(
      message({
        messageId: 'id-1',
        type: 'email.send',
        appId: 'test',
        timestamp: new Date('2026-11-22T10:00:00.900Z'),
        correlationId: 'correlation',
        replyTo: 'reply',
        headers: { 'x-mh-run': 1, 'x-death': [{ count: 1 }], CC: ['small.x'] },
      }),
    );
    const [found] = await vhost.management.getMessages('email', 1, 'ack_requeue_false');
    expect(found).toMatchObject({
      text: '{}',
      routingKey: 'email.send',
      headers: { 'x-mh-run': 1 },
      properties: {
        message_id: 'id-1',
        type: 'email.send',
        app_id: 'test',
        timestamp: Date.parse('2026-11-22T10:00:00Z') / 1000,
        content_type: 'application/json',
        delivery_mode: 2,
        correlation_id: 'correlation',
        reply_to: 'reply',
      },
    });
    expect(found?.headers).not.toHaveProperty('x-death');
    expect(await vhost.management.getMessages('small')).toEqual([]);
  });

  it('A6: a message that a full queue refuses fails as nacked', async () => {
    const broker = await start();
    const failures: string[] = [];
    for (let n = 0; n < 5; n++)
      failures.push(await failureOf(broker.publisher.publish(message({ routingKey: 'small.x' }))));
    expect(failures).toContain('nacked');
    expect(failures[0]).toBe('confirmed');
  });

  it('A6: a mandatory message that no queue takes fails as returned; one that is not mandatory is confirmed', async () => {
    const broker = await start();
    await expect(broker.publisher.publish(message({ routingKey: 'nobody.x' }))).rejects.toMatchObject({
      failure: 'returned',
      ambiguous: false,
      message: expect.stringContaining('declare the queue and its binding'),
    });
    await broker.publisher.publish(message({ routingKey: 'nobody.x', mandatory: false }));
  });

  it('tells apart two publishes of one message id that are in flight together', async () => {
    const broker = await start();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        failureOf(broker.publisher.publish(message({ messageId: 'same', routingKey: n % 2 ? 'nobody.x' : 'email.x' }))),
      ),
    );
    expect(outcomes).toEqual(outcomes.map((_, n) => (n % 2 ? 'returned' : 'confirmed')));
  });

  it('confirms more messages than its window, in any number at once', async () => {
    const broker = await start({ confirmWindow: 50 });
    await Promise.all(
      Array.from({ length: 2_000 }, (_, n) => broker.publisher.publish(message({ messageId: String(n) }))),
    );
    expect(await storedCount()).toBe(2_000);
  });

  it('A6: a message that is not confirmed in time fails as timeout, and what waited behind it as refused', async () => {
    const broker = await start({ confirmWindow: 1, confirmTimeoutSeconds: 0.5 });
    proxy.stall();
    const [sent, waited] = await Promise.allSettled([
      broker.publisher.publish(message()),
      broker.publisher.publish(message()),
    ]);
    expect(sent).toMatchObject({ reason: { failure: 'timeout', ambiguous: true } });
    expect(waited).toMatchObject({ reason: { failure: 'refused', ambiguous: false } });
    await proxy.resume();
    await eventually(() => failureOf(broker.publisher.publish(message())).then((outcome) => outcome === 'confirmed'));
  });

  it('refuses at once what would make the waiting line longer than its count or its bytes', async () => {
    const broker = await start({ confirmWindow: 1, maxWaiting: 2, maxWaitingBytes: 100, confirmTimeoutSeconds: 5 });
    proxy.stall();
    const outcomes: string[] = [];
    const publish = (bytes: number) =>
      void failureOf(broker.publisher.publish(message({ body: Buffer.alloc(bytes) }))).then((outcome) =>
        outcomes.push(outcome),
      );
    publish(10); // in the window
    publish(60);
    publish(60); // over the bytes
    publish(10);
    expect(broker.publisher).toMatchObject({ hasRoom: false, crowded: true });
    publish(10); // over the count
    // Told at once, while the others wait until a confirm is overdue.
    await new Promise(setImmediate);
    expect(outcomes).toEqual(['refused', 'refused']);
    await eventually(() => outcomes.length === 5);
    expect(broker.publisher).toMatchObject({ ready: true, hasRoom: true, crowded: false });
  });

  it('opens another channel when the one that it opened was closed in the same moment', async () => {
    const broker = await start();
    const { connections } = broker as unknown as { connections: { publish: { current: ChannelModel } } };
    const model = connections.publish.current;
    const createConfirmChannel = model.createConfirmChannel.bind(model);
    let opened = 0;
    // As when the server's close is read together with its answer: nothing tells of it afterwards.
    model.createConfirmChannel = async () => {
      const channel = await createConfirmChannel();
      if ((opened += 1) === 1) await channel.close();
      return channel;
    };
    // A missing exchange ends the channel that it has.
    await expect(broker.publisher.publish(message({ exchange: 'missing' }))).rejects.toMatchObject({
      failure: 'disconnected',
    });
    await eventually(() => failureOf(broker.publisher.publish(message())).then((outcome) => outcome === 'confirmed'));
    expect(opened).toBe(2);
  });

  it('replaces a channel whose confirms do not come, and forgets it when all on it is settled', async () => {
    const broker = await start({ confirmTimeoutSeconds: 0.2, replaceChannelSeconds: 0.3 });
    const parts = broker as unknown as { confirming: { channel: object | undefined; replaced: Set<object> } };
    const before = parts.confirming.channel;
    proxy.stall();
    await expect(broker.publisher.publish(message())).rejects.toMatchObject({ failure: 'timeout' });
    await eventually(() => parts.confirming.channel !== before);
    await proxy.resume();
    await eventually(() => failureOf(broker.publisher.publish(message())).then((outcome) => outcome === 'confirmed'));
    expect(parts.confirming.channel).not.toBe(before);
    await eventually(() => parts.confirming.replaced.size === 0);
  });

  it('fails what is outstanding as disconnected when the connection is lost, and does not send it again', async () => {
    const broker = await start();
    proxy.stall();
    const published = broker.publisher.publish(message());
    proxy.cut();
    await expect(published).rejects.toMatchObject({ failure: 'disconnected', ambiguous: true });
    await expect(broker.publisher.publish(message())).rejects.toMatchObject({
      failure: 'disconnected',
      ambiguous: false,
    });
    await proxy.resume();
    await broker.untilReady();
    await broker.publisher.publish(message({ messageId: 'after' }));
    const stored = await vhost.management.getMessages('email', 10);
    expect(stored.map(({ properties }) => properties.message_id)).toEqual(['after']);
  });

  it('opens another channel at once when the broker closes it, on the same connection', async () => {
    const broker = await start();
    const lost = await broker.publisher.publish(message({ exchange: 'nowhere' })).catch((error: PublishError) => error);
    expect(lost).toMatchObject({ failure: 'disconnected', message: expect.stringContaining("no exchange 'nowhere'") });
    await broker.publisher.publish(message());
    expect(proxy.open).toBe(2);
  });

  it('declares the topology again when an exchange was deleted under it', async () => {
    const broker = await start();
    await vhost.management.deleteExchange('tasks');
    await expect(broker.publisher.publish(message())).rejects.toMatchObject({ failure: 'disconnected' });
    await broker.publisher.publish(message());
    expect(await storedCount()).toBe(1);
  });

  it.each([
    ['headers over 64 KiB', { headers: { large: 'x'.repeat(70_000) } }],
    ['a message id over 255 bytes', { messageId: 'x'.repeat(300) }],
    ['a time that is none', { timestamp: new Date(NaN) }],
    ['a body over the broker’s limit', { body: Buffer.alloc(largestBodyBytes + 1) }],
    ['a header with a number that is none', { headers: { odd: [Number.NaN] } }],
    ['a header of a type that nobody knows', { headers: { odd: { '!': 'unheard-of' } } }],
  ])('refuses %s for good, without harm to the others', async (_, fields) => {
    const broker = await start();
    const [before, bad, after] = await Promise.all(
      [message(), message(fields), message()].map((one) => failureOf(broker.publisher.publish(one))),
    );
    expect([before, bad, after]).toEqual(['confirmed', 'refused', 'confirmed']);
    await expect(broker.publisher.publish(message(fields))).rejects.toMatchObject({ unsendable: true });
    expect(proxy.open).toBe(2);
  });

  it('sends large bodies through many frames, and waits for the socket to drain', async () => {
    const broker = await start({ confirmTimeoutSeconds: 200 });
    const body = Buffer.alloc(1024 * 1024, 'x');
    await Promise.all(Array.from({ length: 40 }, () => broker.publisher.publish(message({ body }))));
    expect(await storedCount()).toBe(40);
  });

  it('waits on close for what is outstanding, and then takes nothing more', async () => {
    const broker = await start({ confirmWindow: 10 });
    const published = Promise.all(Array.from({ length: 500 }, () => broker.publisher.publish(message())));
    await broker.close();
    await published;
    await expect(broker.publisher.publish(message())).rejects.toBeInstanceOf(PublishError);
  });
});
