import { eventually, PrivateBroker, type TestVhost } from '@mentorhub/testing';
import { Broker } from '../broker.js';
import type { Topology } from '../topology/topology.js';
import type { Consumer } from './consumer.js';
import type { Delivery } from './delivery.js';

const topology: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: ['email', 'other'].map((name) => ({
    name,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 },
  })),
  bindings: ['email', 'other'].map((queue) => ({ exchange: 'tasks', routingKey: `${queue}.#`, queue })),
};

/** Up to RabbitMQ 3.13 it closes the consumer's channel with 406, later it cancels the consumer. */
describe("RabbitMQ's consumer time-out", () => {
  let server: PrivateBroker;
  let vhost: TestVhost;
  let broker: Broker;
  let log: string[];
  let other: Consumer;

  beforeAll(async () => {
    server = await PrivateBroker.create();
    await server.control(
      'eval',
      '[application:set_env(rabbit, consumer_timeout, 2000), application:set_env(rabbit, channel_tick_interval, 500)].',
    );
  });

  beforeEach(async () => {
    vhost = await server.createVhost();
    log = [];
    const note = ({ reason }: { reason?: string }, message: string) =>
      void log.push(reason ? `${message} (${reason})` : message);
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'time-out-test',
      topology,
      topologyMode: 'declare',
      logger: { debug: note, info: note, warn: note, error: note },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
    other = broker.consume({ queue: 'other', prefetch: 10, onDelivery: (delivery) => delivery.ack() });
    await other.untilActive();
    log.length = 0; // a virtual host that is just being started may have refused at first
  });

  afterEach(async () => {
    await broker?.close();
    await vhost?.remove();
  });

  afterAll(() => server?.remove());

  async function publish(from: number, count: number): Promise<void> {
    const one = (n: number) =>
      broker.publisher.publish({
        exchange: 'tasks',
        routingKey: 'email.send',
        body: Buffer.from(`${n}`),
        messageId: `${n}`,
      });
    await Promise.all(Array.from({ length: count }, (_, n) => one(from + n)));
  }

  const endings = () =>
    log.filter((message) => message.startsWith('RabbitMQ ended the consumer; subscribing again.')).length;

  it.each([
    { title: 'a consumer', resize: false },
    { title: 'a consumer that was resized meanwhile', resize: true },
  ])('ends $title alone, which comes back; what it held comes again and is done', async ({ resize }) => {
    const done = new Set<string | undefined>();
    let held: Delivery | undefined;
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 5,
      onDelivery: (delivery) => {
        if (delivery.messageId === '0' && endings() === 0) {
          held = delivery;
          if (resize) consumer.resize(50);
          return;
        }
        done.add(delivery.messageId);
        delivery.ack();
      },
    });
    await consumer.untilActive();
    await publish(0, 40);
    // New messages keep coming, so that the broker has something to deliver in the very moment.
    for (let from = 40; endings() === 0; from += 20) await publish(from, 20);
    await consumer.untilActive();
    held?.ack(); // Late: it belongs to a channel that is gone.
    await eventually(() => done.has('0'));
    expect(log.filter((message) => /^(RabbitMQ is away|Connected)/.test(message))).toEqual([]);
    expect(other.active).toBe(true);
    await eventually(async () => (await vhost.management.queue('email'))?.messages === 0);
  });
});
