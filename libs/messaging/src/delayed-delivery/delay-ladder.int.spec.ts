import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { Broker } from '../broker.js';
import type { Delivery } from '../consuming/delivery.js';
import { mergeTopologies, type Topology } from '../topology/topology.js';
import { delayLadder } from './delay-ladder.js';
import { delayedRoute } from './delayed-route.js';

const destination: Topology = {
  exchanges: [],
  queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } }],
  bindings: [],
};

describe('the delay ladder', () => {
  let vhost: TestVhost;
  let broker: Broker;
  const received: { id: string | undefined; at: number; delivery: Delivery }[] = [];

  beforeAll(async () => {
    vhost = await createVhost();
    const ignore = () => undefined;
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'delay-ladder-test',
      topology: mergeTopologies(destination, delayLadder(['email'])),
      topologyMode: 'declare',
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
    broker.consume({ queue: 'email', prefetch: 100, onDelivery: receive });
  });

  afterAll(async () => {
    await broker.close();
    await vhost.remove();
  });

  function receive(delivery: Delivery): void {
    received.push({ id: delivery.messageId, at: performance.now(), delivery });
    delivery.ack();
  }

  function publish(queue: string, seconds: number, messageId: string): Promise<void> {
    return broker.publisher.publish({
      ...delayedRoute(queue, seconds),
      messageId,
      type: 'email.send',
      headers: { 'x-mh-attempt': 2 },
      body: Buffer.from('{"a":1}'),
      mandatory: true,
    });
  }

  function arrival(id: string) {
    return eventually(() => received.find((one) => one.id === id), { what: `the message ${id}` });
  }

  it('delivers after the delay, never early, through one level and through several', async () => {
    const start = performance.now();
    await Promise.all([publish('email', 1, 'one'), publish('email', 3, 'three'), publish('email', 2, 'two')]);
    for (const [id, seconds] of [
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ] as const) {
      const { at } = await arrival(id);
      expect(at - start).toBeGreaterThanOrEqual(seconds * 1000);
    }
  });

  it('keeps the message as it was: type, headers and body', async () => {
    await publish('email', 1, 'kept');
    const { delivery } = await arrival('kept');
    expect(delivery).toMatchObject({ type: 'email.send', exchange: 'delay.v1.delivery', deliveryCount: 0 });
    expect(delivery.headers).toMatchObject({ 'x-mh-attempt': 2 });
    expect(delivery.headers).not.toHaveProperty('x-publish-tag');
    expect(delivery.body.toString()).toBe('{"a":1}');
  });

  it('puts a message to an unknown queue aside, where it holds up no other', async () => {
    await publish('nobody', 1, 'stray');
    await publish('email', 1, 'after the stray');
    await arrival('after the stray');
    const [stray] = await eventually(async () => {
      const messages = await vhost.management.getMessages('delay.v1.unroutable');
      return messages.length > 0 && messages;
    });
    expect(stray?.properties.message_id).toBe('stray');
  });
});
