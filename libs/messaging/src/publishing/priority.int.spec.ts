import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { Broker } from '../broker.js';
import type { Delivery } from '../consuming/delivery.js';
import { delayLadder } from '../delayed-delivery/delay-ladder.js';
import { delayedRoute } from '../delayed-delivery/delayed-route.js';
import { mergeTopologies, type Topology } from '../topology/topology.js';

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 };
const topology: Topology = {
  exchanges: [
    { name: 'tasks', type: 'topic' },
    { name: 'dead-letters', type: 'topic' },
  ],
  queues: [
    { name: 'dead-letters', arguments: quorum },
    { name: 'email', arguments: { ...quorum, 'x-dead-letter-exchange': 'dead-letters' } },
  ],
  bindings: [
    { exchange: 'tasks', routingKey: 'email.#', queue: 'email' },
    { exchange: 'dead-letters', routingKey: '#', queue: 'dead-letters' },
  ],
};

/** RabbitMQ 4.3 and later order quorum queues by priority; older ones by arrival. The outcome is the same on both. */
describe('the priority of messages', () => {
  let vhost: TestVhost;
  let broker: Broker;
  let foreign: { connection: ChannelModel; channel: Channel };
  const received: Delivery[] = [];

  beforeAll(async () => {
    vhost = await createVhost();
    const ignore = () => undefined;
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'priority-test',
      topology: mergeTopologies(topology, delayLadder(['email'])),
      topologyMode: 'declare',
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
    const connection = await connect(vhost.amqpUrl);
    foreign = { connection, channel: await connection.createChannel() };
  });
  beforeEach(() => void received.splice(0));
  afterAll(async () => {
    await broker.close();
    await foreign.connection.close();
    await vhost.remove();
  });

  const publish = (messageId: string, priority?: number, where = { exchange: 'tasks', routingKey: 'email.send' }) =>
    broker.publisher.publish({
      ...where,
      messageId,
      body: Buffer.from('{}'),
      mandatory: true,
      ...(priority !== undefined && { priority }),
    });
  const arrived = (id: string) => eventually(() => received.find(({ messageId }) => messageId === id), { what: id });

  it('lets a message of another producer that says 0 have its turn although ours never end', async () => {
    const ours = (from: number) => Promise.all(Array.from({ length: 20 }, (_, n) => publish(`ours ${from + n}`)));
    await ours(0);
    foreign.channel.publish('tasks', 'email.send', Buffer.from('{}'), { messageId: 'foreign', priority: 0 });
    await eventually(async () => (await foreign.channel.checkQueue('email')).messageCount === 21);
    await ours(20);
    // For each of ours that is done another one comes, so that the queue is never without them.
    let published = 40;
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 1,
      onDelivery: (delivery) => {
        received.push(delivery);
        if (published === 200 || received.some(({ messageId }) => messageId === 'foreign')) return delivery.ack();
        void publish(`ours ${published++}`).then(() => delivery.ack());
      },
    });
    await arrived('foreign');
    expect(published).toBeLessThan(200);
    await eventually(async () => (await foreign.channel.checkQueue('email')).messageCount === 0);
    await consumer.close();
  });

  it('is 0 or what was asked for, also after a delay and as a dead letter', async () => {
    const keep = (delivery: Delivery) => (received.push(delivery), delivery.ack());
    const consumers = [broker.consume({ queue: 'dead-letters', prefetch: 10, onDelivery: keep })];
    await publish('dead', undefined);
    await publish('dead urgent', 5);
    for (let rejected = 0; rejected < 2; rejected += 1) {
      const message = await eventually(() => foreign.channel.get('email'));
      foreign.channel.reject(message, false);
    }
    await arrived('dead');
    await arrived('dead urgent');
    consumers.push(broker.consume({ queue: 'email', prefetch: 10, onDelivery: keep }));
    await publish('delayed', undefined, delayedRoute('email', 1));
    await publish('delayed urgent', 5, delayedRoute('email', 1));
    await arrived('delayed');
    await arrived('delayed urgent');
    const priorities = Object.fromEntries(received.map(({ messageId, priority }) => [messageId, priority]));
    expect(priorities).toEqual({ dead: 0, 'dead urgent': 5, delayed: 0, 'delayed urgent': 5 });
    await Promise.all(consumers.map((consumer) => consumer.close()));
  });
});
