import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { Broker } from '../broker.js';
import { BrokerConfigurationError } from '../connection/broker-configuration-error.js';
import type { Delivery } from '../consuming/delivery.js';
import { delayLadder } from '../delayed-delivery/delay-ladder.js';
import { mergeTopologies, type Topology } from './topology.js';

const topology: Topology = {
  exchanges: [
    { name: 'spill', type: 'topic' },
    { name: 'events', type: 'topic', alternateExchange: 'spill' },
  ],
  queues: [
    { name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } },
    { name: 'spill', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } },
  ],
  bindings: [
    { exchange: 'events', routingKey: 'email.#', queue: 'email' },
    { exchange: 'spill', routingKey: '#', queue: 'spill' },
  ],
};

describe('the topology', () => {
  let vhost: TestVhost;
  const brokers: Broker[] = [];

  beforeEach(async () => {
    vhost = await createVhost();
  });

  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    await vhost.remove();
  });

  function start(mode: 'declare' | 'verify', wanted = topology, url = vhost.amqpUrl, topologyEverySeconds = 3600) {
    const fatal: Error[] = [];
    const errors: string[] = [];
    const warned: number[] = [];
    const ignore = () => undefined;
    const broker = new Broker({
      url,
      clientName: 'topology-test',
      topology: wanted,
      topologyMode: mode,
      topologyEverySeconds,
      logger: {
        debug: ignore,
        info: ignore,
        warn: () => warned.push(performance.now()),
        error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`),
      },
      onFatal: (error) => fatal.push(error),
    });
    brokers.push(broker);
    broker.start();
    return { broker, fatal, errors, warned };
  }

  async function fatalOf(started: ReturnType<typeof start>): Promise<Error> {
    await expect(started.broker.untilReady()).rejects.toBeInstanceOf(BrokerConfigurationError);
    expect(started.fatal).toHaveLength(1);
    return started.fatal[0]!;
  }

  it('is declared as written, and again without harm', async () => {
    const ladder = delayLadder(['email']);
    await start('declare', mergeTopologies(topology, ladder)).broker.untilReady();
    await start('declare', mergeTopologies(topology, ladder)).broker.untilReady();
    const queues = await vhost.management.queues();
    expect(queues).toHaveLength(2 + ladder.queues.length);
    expect(queues.find(({ name }) => name === 'delay.v1.level-04')).toMatchObject({
      type: 'quorum',
      durable: true,
      arguments: {
        'x-message-ttl': 16_000,
        'x-dead-letter-exchange': 'delay.v1.level-03',
        'x-overflow': 'reject-publish',
      },
    });
    const exchanges = await vhost.management.exchanges();
    expect(exchanges.find(({ name }) => name === 'events')?.arguments).toEqual({ 'alternate-exchange': 'spill' });
    const bindings = await vhost.management.bindings();
    expect(bindings.filter(({ source }) => source !== '')).toHaveLength(2 + ladder.bindings.length);
  });

  it('that does not fit a queue of the broker is fatal, with a sentence that names the queue and what to do', async () => {
    await vhost.management.declareQueue('email', { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 });
    const error = await fatalOf(start('declare'));
    expect(error.message).toContain('The queue "email" exists on RabbitMQ with other settings');
    expect(error.message).toContain('delete it');
    expect(error.message).toContain('x-delivery-limit');
  });

  it('that does not fit an exchange of the broker is fatal, naming the exchange', async () => {
    await vhost.management.declareExchange('events', 'fanout');
    expect((await fatalOf(start('declare'))).message).toContain(
      'The exchange "events" exists on RabbitMQ with other settings',
    );
  });

  it('that the user may not declare is fatal, and says that it can be verified instead', async () => {
    const url = await vhost.createUser({ configure: '^$', write: '.*', read: '.*' });
    const error = await fatalOf(start('declare', topology, url));
    expect(error.message).toContain('AMQP_TOPOLOGY=verify');
    expect(error.message).not.toContain(new URL(url).password);
  });

  it('is verified without the permission to declare', async () => {
    await start('declare').broker.untilReady();
    const url = await vhost.createUser({ configure: '^$', write: '.*', read: '.*' });
    const { broker } = start('verify', topology, url);
    await broker.untilReady();
    expect(broker.state).toEqual({ publishing: 'up', consuming: 'up' });
  });

  it('is verified by a user who may use only a part of it: the rest is not his', async () => {
    await start('declare').broker.untilReady();
    const part = '^(events|email)$';
    const url = await vhost.createUser({ configure: '^$', write: part, read: part });
    const { broker, errors } = start('verify', topology, url, 0.5);
    await broker.untilReady();
    const consumer = broker.consume({ queue: 'email', prefetch: 10, onDelivery: (delivery) => delivery.ack() });
    await consumer.untilActive();
    expect(errors).toEqual([]);
    // What he may see is looked at all the same.
    await vhost.management.deleteExchange('events');
    await eventually(() => !broker.topologyInPlace, { what: 'the loss to be noticed' });
    await vhost.management.declareExchange('events', 'topic', { 'alternate-exchange': 'spill' });
    await eventually(() => broker.topologyInPlace, { what: 'the exchange to be seen' });
  });

  it('that is not there when it is verified is fatal, with one sentence that names all that is missing', async () => {
    await vhost.management.declareExchange('spill');
    await vhost.management.declareQueue('email', { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 });
    const error = await fatalOf(start('verify'));
    expect(error.message).toContain('RabbitMQ has no exchange "events", queue "spill": run the deploy step');
  });

  it('that goes missing under a running service is waited for when it is only verified', async () => {
    await start('declare').broker.untilReady();
    const { broker, fatal, errors } = start('verify');
    const consumer = broker.consume({ queue: 'email', prefetch: 10, onDelivery: (delivery) => delivery.ack() });
    await consumer.untilActive();
    await vhost.management.deleteQueue('email');
    await eventually(() => errors.some((line) => line.includes('no queue \\"email\\"')));
    expect(broker.state.consuming).toBe('down');
    await vhost.management.declareQueue('email', topology.queues[0]!.arguments);
    await consumer.untilActive();
    expect(fatal).toEqual([]);
  });

  it('is looked at although nobody uses what went missing: declared again, bindings too', async () => {
    const { management } = vhost;
    const { broker } = start('declare', topology, vhost.amqpUrl, 0.5);
    await broker.untilReady();
    await management.deleteExchange('spill');
    await management.unbind('events', 'email');
    const isBack = async () => {
      const bindings = await management.bindings();
      return topology.bindings.every(({ exchange }) => bindings.some(({ source }) => source === exchange));
    };
    await eventually(isBack, { what: 'the exchange and the bindings' });
  });

  it.each(['names', 'everything'])(
    'is not declared again before all consumers were told, by a look at %s',
    async (at) => {
      const { broker, warned } = start('declare', topology, vhost.amqpUrl, at === 'names' ? 0.5 : 3600);
      await broker.untilReady();
      await vhost.management.deleteQueue('email');
      if (at === 'everything') broker.lookAtTopology();
      await eventually(() => warned.length > 0, { what: 'the loss to be noticed' });
      await eventually(() => broker.topologyInPlace, { intervalMilliseconds: 5 });
      expect(performance.now() - warned[0]!).toBeGreaterThan(450);
      expect((await vhost.management.queues()).map(({ name }) => name)).toContain('email');
    },
  );

  it('is looked at when a publish is returned, long before it would be otherwise', async () => {
    const direct: Topology = {
      exchanges: [{ name: 'tasks', type: 'topic' }],
      queues: topology.queues.slice(0, 1),
      bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
    };
    const publisher = start('declare', direct).broker;
    await publisher.untilReady();
    await vhost.management.unbind('tasks', 'email');
    const publish = () =>
      publisher.publisher.publish({
        exchange: 'tasks',
        routingKey: 'email.send',
        body: Buffer.from('1'),
        mandatory: true,
      });
    await expect(publish()).rejects.toMatchObject({ failure: 'returned' });
    await eventually(() => publish().then(() => true), { what: 'the binding' });
    expect(publisher.topologyInPlace).toBe(true);
  });

  it('that is changed under a running service is waited for, too', async () => {
    const { broker, fatal, errors } = start('declare', topology, vhost.amqpUrl, 0.5);
    await broker.untilReady();
    // The service makes it again as it was whenever it looks in between.
    await eventually(async () => {
      await vhost.management.deleteQueue('email');
      await vhost.management.declareQueue('email', { 'x-queue-type': 'classic' });
      return true;
    });
    await eventually(() => errors.some((line) => line.includes('exists on RabbitMQ with other settings')));
    expect(broker.topologyInPlace).toBe(false);
    await vhost.management.deleteQueue('email');
    await eventually(() => broker.topologyInPlace);
    expect(fatal).toEqual([]);
  });

  it.each(['temporary', 'shared'] as const)(
    'keeps a %s queue bound, also when others have made its exchange again',
    async (kind) => {
      const { management } = vhost;
      const { broker } = start('declare', topology, vhost.amqpUrl, 0.5);
      await broker.untilReady();
      const heard: string[] = [];
      let boundAgain = 0;
      const options = {
        prefetch: 10,
        bindings: [{ exchange: 'spill', routingKey: 'call.#' }],
        onDelivery: (delivery: Delivery) => (heard.push(delivery.body.toString()), delivery.ack()),
      };
      const consumer =
        kind === 'temporary'
          ? broker.consumeTemporary({ ...options, name: 'own', onBoundAgain: () => void (boundAgain += 1) })
          : broker.consumeShared({ ...options, queue: 'own', waitSeconds: 5, mostWaiting: 10 });
      await consumer.untilActive();
      await management.deleteExchange('spill');
      await management.declareExchange('spill').catch(() => undefined); // or the service was quicker
      await eventually(
        async () => {
          await management.publish('spill', 'call.me', 'again');
          return heard.length > 0;
        },
        { what: 'a message through the new binding' },
      );
      expect(consumer.active).toBe(true);
      if (kind === 'temporary') expect(boundAgain).toBeGreaterThan(0);
    },
  );
});
