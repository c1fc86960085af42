import { eventually, PrivateBroker, type TestVhost } from '@mentorhub/testing';
import { messagingMetrics } from '@mentorhub/metrics';
import { setTimeout as pause } from 'node:timers/promises';
import { Broker } from '../broker.js';
import type { Topology } from '../topology/topology.js';
import type { Delivery } from './delivery.js';

const queueArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 };
const topology: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: [{ name: 'email', arguments: queueArguments }],
  bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
};
const forgotten = 'RabbitMQ has forgotten the consumer; subscribing again.';

describe('a consumer that gets nothing', () => {
  let server: PrivateBroker;
  let vhost: TestVhost;
  let broker: Broker;
  let received: Delivery[];
  let log: string[];

  beforeAll(async () => {
    server = await PrivateBroker.create();
  });

  beforeEach(async () => {
    vhost = await server.createVhost();
    received = [];
    log = [];
    const note = (_: object, message: string) => void log.push(message);
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'forgotten-consumer-test',
      topology,
      topologyMode: 'declare',
      topologyEverySeconds: 1,
      logger: { debug: note, info: note, warn: note, error: note },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
  });

  afterEach(async () => {
    await broker?.close();
    await vhost?.remove();
  });

  afterAll(() => server?.remove());

  async function publish(count: number): Promise<void> {
    const one = (n: number) =>
      broker.publisher.publish({ exchange: 'tasks', routingKey: 'email.x', body: Buffer.from('1'), messageId: `${n}` });
    await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
  }

  /** Deletes the queue, and has it there again before the channel that consumes it can learn of it. */
  async function replaceQueueUnnoticed(): Promise<void> {
    const consuming =
      '[P || P <- rabbit_channel:list(), rabbit_channel:info(P, [consumer_count]) =/= [{consumer_count, 0}]]';
    await server.control(
      'eval',
      `persistent_term:put(held, ${consuming}), [sys:suspend(P) || P <- persistent_term:get(held)].`,
    );
    await vhost.management.deleteQueue('email');
    await vhost.management.declareQueue('email', queueArguments);
    await vhost.management.bind('tasks', 'email', 'email.#');
    await server.control('eval', '[sys:resume(P) || P <- persistent_term:get(held)].');
  }

  const silent = async () =>
    (await messagingMetrics.channelClosed.get()).values.find(({ labels }) => labels.reply_code === 'silent')?.value;

  it('D34: although messages are ready is subscribed again, and gets all of them', async () => {
    const states: boolean[] = [];
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 5,
      onDelivery: (delivery) => (received.push(delivery), delivery.ack()),
      onCancelled: () => states.push(consumer.active),
    });
    await consumer.untilActive();
    await replaceQueueUnnoticed();
    await publish(20);
    await eventually(() => new Set(received.map(({ messageId }) => messageId)).size === 20);
    expect(states).toEqual([false]);
    // Newer ones cancel the consumer in such a case.
    if ((await server.control('version')).startsWith('3.10.')) {
      expect(log).toContain(forgotten);
      expect(await silent()).toBe(1);
    }
    expect(log.filter((message) => message === 'Connected to RabbitMQ.')).toHaveLength(2);
  });

  it('since it is full is left alone', async () => {
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 5,
      onDelivery: (delivery) => void received.push(delivery),
    });
    await consumer.untilActive();
    await publish(20);
    await eventually(() => received.length === 5);
    await pause(13_000);
    received.splice(0).forEach((delivery) => delivery.ack());
    await eventually(() => received.length === 5);
    expect(received.every(({ redelivered }) => !redelivered)).toBe(true);
    expect(log).not.toContain(forgotten);
  });
});
