import { randomUUID } from 'node:crypto';
import { createVhost, eventually, startTcpProxy, type TcpProxy, type TestVhost } from '@mentorhub/testing';
import { Broker, type BrokerOptions } from '../broker.js';
import type { Topology } from '../topology/topology.js';
import { BrokerConfigurationError } from './broker-configuration-error.js';

const topology: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } }],
  bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
};

describe('the connection to RabbitMQ', () => {
  let vhost: TestVhost;
  let proxy: TcpProxy;
  let brokers: Broker[] = [];
  let log: { level: string; message: string; fields: object }[] = [];
  let fatal: Error[] = [];

  beforeAll(async () => {
    vhost = await createVhost();
  });

  afterAll(() => vhost.remove());

  beforeEach(async () => {
    proxy = await startTcpProxy(vhost.amqpUrl);
    log = [];
    fatal = [];
  });

  afterEach(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    brokers = [];
    await proxy.close();
  });

  function start(url: string | string[], options: Partial<BrokerOptions> = {}): Broker {
    const at = (level: string) => (fields: object, message: string) => void log.push({ level, message, fields });
    const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    const onFatal = (error: Error): void => void fatal.push(error);
    const broker = new Broker({
      url,
      clientName: 'connection-test',
      topology,
      topologyMode: 'declare',
      logger,
      onFatal,
      ...options,
    });
    brokers.push(broker);
    broker.start();
    return broker;
  }

  const publish = (broker: Broker) =>
    broker.publisher.publish({ exchange: 'tasks', routingKey: 'email.x', body: Buffer.from('1') });

  it('D38: started before the broker is up it waits with a clear log, then works', async () => {
    await proxy.refuse();
    const broker = start(proxy.url);
    await eventually(() => log.filter(({ level }) => level === 'warn').length >= 2);
    expect(log[0]).toMatchObject({
      message: 'RabbitMQ is away; trying again until it is back.',
      fields: {
        broker: `127.0.0.1:${proxy.port}, vhost "${vhost.name}"`,
        reason: expect.stringContaining('ECONNREFUSED'),
      },
    });
    expect(broker.state).toEqual({ publishing: 'down', consuming: 'down' });
    await expect(publish(broker)).rejects.toMatchObject({ failure: 'disconnected', ambiguous: false });
    await proxy.resume();
    await broker.untilReady();
    await publish(broker);
    expect(broker.state).toEqual({ publishing: 'up', consuming: 'up' });
  });

  it('D38: says of each try that the broker is away, and then that it is back, so that the log may fold them', async () => {
    await proxy.refuse();
    const broker = start(proxy.url, { reconnectSeconds: 0.02 });
    await eventually(() => log.length >= 6);
    expect(new Set(log.map(({ fields }) => (fields as { away?: string }).away))).toEqual(new Set(['RabbitMQ']));
    await proxy.resume();
    await broker.untilReady();
    const connected = log.filter(({ message }) => message === 'Connected to RabbitMQ.');
    expect(connected).toMatchObject([{ fields: { back: 'RabbitMQ' } }, { fields: { back: 'RabbitMQ' } }]);
  });

  it('D38: wrong credentials are fatal, with one sentence that says what to do and repeats no password', async () => {
    const url = new URL(vhost.amqpUrl);
    url.password = 'not-the-password';
    const broker = start(url.href);
    await expect(broker.untilReady()).rejects.toBeInstanceOf(BrokerConfigurationError);
    expect(fatal).toHaveLength(1);
    expect(fatal[0]?.message).toContain(`refused the user "${url.username}": correct the user and the password`);
    expect(JSON.stringify([fatal[0]?.message, log])).not.toContain('not-the-password');
  });

  it('logs in as a user whose name and password are written in other letters', async () => {
    const [user, password] = [`björn-${randomUUID()}`, 'пароль/ä%'];
    await vhost.management.createUser(user, password, { configure: '.*', write: '.*', read: '.*' });
    const url = new URL(vhost.amqpUrl);
    url.username = encodeURIComponent(user);
    url.password = encodeURIComponent(password);
    const broker = start(url.href);
    await broker.untilReady();
    expect(fatal).toEqual([]);
    await broker.close();
    await vhost.management.deleteUser(user);
  });

  it('D38: a vhost that does not exist is fatal, with one sentence', async () => {
    const url = new URL(vhost.amqpUrl);
    url.pathname = '/nowhere';
    const broker = start(url.href, { reconnectSeconds: 0.5 });
    await expect(broker.untilReady()).rejects.toThrow('vhost "nowhere" does not open this vhost');
    expect(fatal).toHaveLength(1);
  });

  it('D38: an unusable URL is fatal when it starts, not an exception', async () => {
    const broker = start('rabbit:5672');
    await expect(broker.untilReady()).rejects.toBeInstanceOf(BrokerConfigurationError);
    expect(fatal).toHaveLength(1);
  });

  it('uses one connection to publish and one to consume, named for the operator', async () => {
    const broker = start(vhost.amqpUrl, { clientName: 'email-service' });
    await broker.untilReady();
    const names = await eventually(async () => {
      const open = await vhost.management.connections();
      const own = open
        .map(({ client_properties }) => client_properties?.connection_name)
        .filter((name) => name?.startsWith('email-service'));
      return own.length === 2 && own;
    });
    expect(names.sort()).toEqual(['email-service (consume)', 'email-service (publish)']);
  });

  it('comes back after the broker closed it, and after the network cut it', async () => {
    const broker = start(proxy.url);
    await broker.untilReady();
    const received: string[] = [];
    const consumer = broker.consume({
      queue: 'email',
      prefetch: 10,
      onDelivery: (delivery) => (received.push(delivery.body.toString()), delivery.ack()),
    });
    for (const lose of [closeByOperator, async () => proxy.cut()]) {
      await consumer.untilActive();
      await lose();
      await eventually(() => !consumer.active || broker.state.publishing === 'down');
      await broker.untilReady();
      await consumer.untilActive();
      received.length = 0;
      await publish(broker);
      await eventually(() => received.length === 1);
    }
  });

  it('goes to the next broker of several when one is away', async () => {
    await proxy.refuse();
    const broker = start([proxy.url, vhost.amqpUrl]);
    await broker.untilReady();
    await publish(broker);
  });

  it('notices by its heartbeat that the network swallows everything', async () => {
    const broker = start(proxy.url, { heartbeatSeconds: 1 });
    await broker.untilReady();
    proxy.stall();
    await eventually(() => broker.state.publishing === 'down' && broker.state.consuming === 'down');
    await proxy.resume();
    await broker.untilReady();
  });

  it('closes within a bound and leaves no handle, whether it is connected, connecting or stalled', async () => {
    const connected = start(proxy.url);
    await connected.untilReady();
    connected.consume({ queue: 'email', prefetch: 10, onDelivery: () => undefined });
    proxy.stall();
    const connecting = start(proxy.url);
    await eventually(() => proxy.open >= 4);
    const began = performance.now();
    await Promise.all([connected.close(), connecting.close(), connecting.close()]);
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(log.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(connected.state).toEqual({ publishing: 'down', consuming: 'down' });
    await expect(publish(connected)).rejects.toMatchObject({ failure: 'disconnected' });
    await expect(connecting.untilReady()).rejects.toThrow('The broker was closed.');
  });

  it('closes without a warning in the moment that it is connected and its topology is not in place yet', async () => {
    for (let n = 0; n < 5; n += 1) {
      const broker = start(proxy.url);
      broker.consume({ queue: 'email', prefetch: 10, onDelivery: () => undefined });
      const connected = () => log.filter(({ message }) => message === 'Connected to RabbitMQ.').length;
      await eventually(() => connected() === 2 * (n + 1), { intervalMilliseconds: 1 });
      await broker.close();
    }
    expect(log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  async function closeByOperator(): Promise<void> {
    const open = await eventually(async () => {
      const all = await vhost.management.connections();
      return all.length >= 2 && all;
    });
    await Promise.all(open.map(({ name }) => vhost.management.closeConnection(name).catch(() => undefined)));
  }
});
