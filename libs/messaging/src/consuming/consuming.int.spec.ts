import { createVhost, eventually, startTcpProxy, type TcpProxy, type TestVhost } from '@mentorhub/testing';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { Broker } from '../broker.js';
import type { Topology } from '../topology/topology.js';
import type { Consumer, ConsumerOptions } from './consumer.js';
import type { Delivery } from './delivery.js';

const topology: Topology = {
  exchanges: [
    { name: 'tasks', type: 'topic' },
    { name: 'control', type: 'topic' },
  ],
  queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } }],
  bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
};

describe('consuming', () => {
  let vhost: TestVhost;
  let proxy: TcpProxy;
  let broker: Broker;
  let probe: { connection: ChannelModel; channel: Channel };
  let received: Delivery[];
  let log: string[];

  beforeEach(async () => {
    vhost = await createVhost();
    proxy = await startTcpProxy(vhost.amqpUrl);
    const connection = await connect(vhost.amqpUrl);
    probe = { connection, channel: await connection.createChannel() };
    received = [];
    log = [];
    const note = (_: object, message: string) => void log.push(message);
    broker = new Broker({
      url: proxy.url,
      clientName: 'consuming-test',
      topology,
      topologyMode: 'declare',
      logger: { debug: note, info: note, warn: note, error: note },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
  });

  afterEach(async () => {
    await broker.close();
    await probe.connection.close();
    await proxy.close();
    await vhost.remove();
  });

  async function publish(count: number, exchange = 'tasks', routingKey = 'email.send'): Promise<void> {
    const one = (n: number) =>
      broker.publisher.publish({ exchange, routingKey, body: Buffer.from(`${n}`), messageId: `${n}` });
    await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
  }

  async function consume(
    onDelivery: (delivery: Delivery) => void,
    options: Partial<ConsumerOptions> = {},
  ): Promise<Consumer> {
    const consumer = broker.consume({ queue: 'email', prefetch: 100, onDelivery, ...options });
    await consumer.untilActive();
    return consumer;
  }

  const keep = (delivery: Delivery) => void received.push(delivery);
  const ids = () => received.map(({ messageId }) => messageId);
  /** Asked over AMQP: the management's counts of quorum queues are seconds old. */
  const queueHas = (ready: number, consumers: number) =>
    eventually(
      async () => {
        const queue = await probe.channel.checkQueue('email');
        return queue.messageCount === ready && queue.consumerCount === consumers;
      },
      { what: `${ready} messages and ${consumers} consumers` },
    );
  const isLost = (consumer: Consumer) => eventually(() => !consumer.active);

  it('B23: delivers no more than the prefetch before an ack, and the rest after', async () => {
    await publish(5);
    await consume(keep, { prefetch: 2 });
    await eventually(() => received.length === 2);
    await queueHas(3, 1);
    received.forEach((delivery) => delivery.ack());
    await eventually(() => received.length === 4);
  });

  it('delivers more at once after it was resized, also when that was asked for before it had begun', async () => {
    await publish(100);
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 2,
      onDelivery: (delivery) => {
        keep(delivery);
        consumer.resize(20);
      },
    });
    await eventually(() => received.length === 22);
    received.splice(0).forEach((delivery) => delivery.ack());
    await eventually(() => received.length === 20);
    await queueHas(58, 1); // the former consumer is gone with its last message
  });

  it('acks in any order, twice, and all at once, without a message left or a channel lost', async () => {
    await publish(1_000);
    let settled = 0;
    const consumer = await consume((delivery) => {
      const settle = () => (delivery.ack(), delivery.ack(), settled++);
      // Half at once, half later and out of order: the delays are what is tested, nothing waits for them.
      const n = Number(delivery.messageId);
      if (n % 2 === 0) settle();
      else setTimeout(settle, (n * 37) % 50);
    });
    await eventually(() => settled === 1_000);
    await consumer.close();
    await queueHas(0, 0);
    expect(log).not.toContain('RabbitMQ ended the consumer; subscribing again.');
  });

  it('acks quick ones although a slow one came before them', async () => {
    await publish(50);
    let quick = 0;
    const onDelivery = (delivery: Delivery) =>
      delivery.messageId === '0' ? keep(delivery) : (quick++, delivery.ack());
    const consumer = await consume(onDelivery, { prefetch: 10 });
    await eventually(() => quick === 49);
    await consumer.close();
    await queueHas(1, 0);
  });

  it('hands back what was never started: another consumer gets it, marked as redelivered', async () => {
    await publish(2);
    const first = await consume(
      (delivery) => {
        keep(delivery);
        if (delivery.messageId === '0') delivery.ack();
        else delivery.handBack();
        delivery.ack();
      },
      { prefetch: 1 },
    );
    await eventually(() => received.length >= 2);
    await first.close();
    received = [];
    await consume(keep);
    await eventually(() => received.length === 1);
    expect(received[0]).toMatchObject({ messageId: '1', redelivered: true });
  });

  it('D34: a deleted queue comes back, with its bindings and its consumer', async () => {
    let cancelled = 0;
    const consumer = await consume((delivery) => (keep(delivery), delivery.ack()), { onCancelled: () => cancelled++ });
    await vhost.management.deleteQueue('email');
    await eventually(() => cancelled === 1);
    await consumer.untilActive();
    await publish(1);
    await eventually(() => received.length === 1);
    expect(proxy.open).toBe(2);
  });

  it('D34: a queue that is deleted again and again costs its own consumer alone, not the connection', async () => {
    const consumer = await consume((delivery) => delivery.ack());
    for (let n = 0; n < 5; n += 1) {
      await publish(50);
      await vhost.management.deleteQueue('email');
      await isLost(consumer);
      await consumer.untilActive();
    }
    const opened = log.filter((message) => message === 'Connected to RabbitMQ.');
    expect(opened).toHaveLength(2);
  });

  it('D34: a channel that the server closes comes back, and what was unacked is delivered again', async () => {
    await publish(2);
    const consumer = await consume(keep);
    await eventually(() => received.length === 2);
    // An ack of a tag that the broker does not know closes the channel with 406.
    acknowledgerOf(received[0]!).channel.ack({ fields: { deliveryTag: 99 } });
    await isLost(consumer);
    expect(received[0]!.channelOpen).toBe(false);
    await consumer.untilActive();
    await eventually(() => received.length === 4);
    expect(received[2]).toMatchObject({ redelivered: true, deliveryCount: 1, channelOpen: true });
    expect(proxy.open).toBe(2);
  });

  it('an ack that comes after its channel is gone is dropped, and harms no other delivery', async () => {
    await publish(3);
    const consumer = await consume(keep);
    await eventually(() => received.length === 3);
    const stale = received.splice(0);
    proxy.cut();
    await isLost(consumer);
    await consumer.untilActive();
    await eventually(() => received.length === 3);
    stale.forEach((delivery) => delivery.ack());
    stale.forEach((delivery) => delivery.handBack());
    received[2]?.ack();
    await consumer.close();
    await queueHas(2, 0);
    expect(log.filter((message) => message === 'Consuming.')).toHaveLength(2);
  });

  it('B22: after a cancel nothing new comes, what was delivered can still be acked, and the rest waits for others', async () => {
    await publish(4);
    const consumer = await consume(keep, { prefetch: 2 });
    await eventually(() => received.length === 2);
    await Promise.all([consumer.cancel(), consumer.cancel()]);
    expect(consumer.active).toBe(false);
    received.forEach((delivery) => delivery.ack());
    await consumer.close();
    await queueHas(2, 0);
    expect(received).toHaveLength(2);
    await expect(consumer.untilActive()).rejects.toThrow('was cancelled');
  });

  it('B22: what is handed back by a cancel under load is neither lost nor run twice', async () => {
    await publish(2_000);
    const consumer = await consume((delivery) => (keep(delivery), delivery.ack()), { prefetch: 10 });
    await eventually(() => received.length > 0, { intervalMilliseconds: 1 });
    await consumer.cancel();
    const before = received.length;
    await consumer.close();
    const other = await consume((delivery) => (keep(delivery), delivery.ack()));
    await eventually(() => received.length >= 2_000);
    await other.close();
    await queueHas(0, 0);
    expect(received.length).toBeGreaterThan(before);
    expect(new Set(ids()).size).toBe(2_000);
    expect(received).toHaveLength(2_000);
  });

  it('a cancelled consumer does not come back with the connection', async () => {
    const consumer = await consume(keep);
    await consumer.cancel();
    proxy.cut();
    await eventually(() => broker.state.consuming === 'down');
    await broker.untilReady();
    const other = await consume(keep);
    await publish(1);
    await eventually(() => received.length === 1);
    await queueHas(0, 1);
    expect([consumer.active, other.active]).toEqual([false, true]);
  });

  it('after a close what was not acked is in the queue again', async () => {
    await publish(2);
    const consumer = await consume(keep);
    await eventually(() => received.length === 2);
    received[0]?.ack();
    await Promise.all([consumer.close(), consumer.close()]);
    await queueHas(1, 0);
  });

  it('B22: what was acked just before a close is gone, however much it is', async () => {
    await publish(300);
    const consumer = await consume(keep, { prefetch: 300 });
    await eventually(() => received.length === 300);
    await consumer.cancel();
    // Those above an unacked one are acked one by one.
    received.slice(1).forEach((delivery) => delivery.ack());
    await consumer.close();
    await queueHas(1, 0);
  });

  it('can be closed while it still subscribes', async () => {
    const consumer = broker.consume({ queue: 'email', prefetch: 1, onDelivery: keep });
    await consumer.close();
    await expect(consumer.untilActive()).rejects.toThrow('was cancelled');
    await queueHas(0, 0);
  });

  it('a receiver that throws is logged; its delivery stays unacked and the others go on', async () => {
    await publish(3);
    const consumer = await consume((delivery) => {
      keep(delivery);
      if (delivery.messageId === '1') throw new Error('a bug');
      delivery.ack();
    });
    await eventually(() => received.length === 3);
    await consumer.close();
    await queueHas(1, 0);
    expect(log).toContain('The receiver of a delivery threw; the delivery stays unacked.');
  });

  it.each([0, -1, 1.5, 70_000])('refuses a prefetch of %p', (prefetch) => {
    expect(() => broker.consume({ queue: 'email', prefetch, onDelivery: keep })).toThrow(RangeError);
  });

  it('a temporary queue receives its bindings, also after a lost connection, and is gone when closed', async () => {
    const bindings = [{ exchange: 'control', routingKey: 'revoke.#' }];
    const acked = (delivery: Delivery) => (keep(delivery), delivery.ack());
    const consumer = broker.consumeTemporary({ name: 'control.worker-1', bindings, prefetch: 10, onDelivery: acked });
    await consumer.untilActive();
    await publish(1, 'control', 'revoke.x');
    await eventually(() => received.length === 1);
    expect(received[0]).toMatchObject({ queue: 'control.worker-1', routingKey: 'revoke.x' });
    proxy.cut();
    await isLost(consumer);
    await broker.untilReady();
    await consumer.untilActive();
    await publish(1, 'control', 'revoke.y');
    await eventually(() => received.length === 2);
    await consumer.close();
    await eventually(async () => (await vhost.management.queues()).every(({ name }) => !name.startsWith('control.')));
  });
});

/** The raw channel of a delivery, for doing on it what the library never does. */
function acknowledgerOf(delivery: Delivery): { channel: { ack(message: object): void } } {
  return (delivery as unknown as { acknowledger: { channel: { ack(message: object): void } } }).acknowledger;
}
