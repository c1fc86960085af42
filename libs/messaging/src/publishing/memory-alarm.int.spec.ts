import { eventually, PrivateBroker, type TestVhost } from '@mentorhub/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Broker } from '../broker.js';
import type { Delivery } from '../consuming/delivery.js';
import type { Topology } from '../topology/topology.js';
import { PublishError } from './publish-error.js';

const topology: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } }],
  bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
};

const confirmTimeoutSeconds = 2;
const confirmWindow = 1000;
const waves = 30;
const waveSize = 1_000;
const bodyBytes = 10 * 1024;

describe('Publishing under a memory alarm of the broker', () => {
  let server: PrivateBroker;
  let vhost: TestVhost;
  let broker: Broker;
  const log: string[] = [];
  const held: Delivery[] = [];
  let open = false;
  let acked = 0;
  const ack = (delivery: Delivery) => (delivery.ack(), (acked += 1));

  const publish = (body: Buffer) =>
    broker.publisher.publish({ exchange: 'tasks', routingKey: 'email.x', mandatory: true, body });

  beforeAll(async () => {
    server = await PrivateBroker.create();
    vhost = await server.createVhost();
    const note = (_: object, message: string) => void log.push(message);
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'alarm-test',
      topology,
      topologyMode: 'declare',
      logger: { debug: note, info: note, warn: note, error: note },
      publishing: { confirmTimeoutSeconds, confirmWindow },
      // Beats go missing within the test if the alarm kept them from either side.
      heartbeatSeconds: 5,
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
    const onDelivery = (delivery: Delivery) => void (open ? ack(delivery) : held.push(delivery));
    await broker.consume({ queue: 'email', prefetch: 10, onDelivery }).untilActive();
    await Promise.all(Array.from({ length: 100 }, () => publish(Buffer.from('before'))));
    await server.setMemoryAlarm(true);
  });

  afterAll(async () => {
    await broker?.close();
    await server?.remove();
  });

  it('D35: fails typed within a bound, and keeps no more than its bounds in memory', async () => {
    const failures = new Map<string, number>();
    const count = (error: unknown) => {
      const kind = error instanceof PublishError ? error.failure : `untyped: ${String(error)}`;
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
    };
    const began = performance.now();
    let latest = 0;
    let highest = 0;
    const before = process.memoryUsage().rss;
    const outcomes: Promise<void>[] = [];
    for (let wave = 0; wave < waves; wave += 1) {
      for (let n = 0; n < waveSize; n += 1) {
        const since = performance.now();
        const done = () => void (latest = Math.max(latest, performance.now() - since));
        outcomes.push(publish(Buffer.alloc(bodyBytes)).catch(count).then(done));
      }
      await nextTurn();
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    await Promise.all(outcomes);
    // Each time that the wait for confirms is over, the next ones in line take their places.
    const windows = Math.ceil((performance.now() - began) / (confirmTimeoutSeconds * 1000));
    expect([...failures.keys()].sort()).toEqual(['refused', 'timeout']);
    expect(failures.get('timeout')).toBeLessThanOrEqual(windows * confirmWindow);
    expect(failures.get('timeout')! + failures.get('refused')!).toBe(waves * waveSize);
    // Waiting in line, then for the confirm: 4 s, and however late a machine that is overloaded looks at its timers.
    expect(latest).toBeLessThan(2 * confirmTimeoutSeconds * 1000 + 30_000);
    // 300 MB were offered. 64 MiB may wait in line, the window and the socket hold 10 MB each; collecting garbage lags behind.
    expect(highest - before).toBeLessThan(250e6);
    expect(broker.state).toEqual({ publishing: 'blocked', consuming: 'up' });
  });

  it('D35: goes on failing typed for as long as the alarm lasts, and does not take it for a lost connection', async () => {
    for (let round = 0; round < 3; round += 1)
      await expect(publish(Buffer.from('during'))).rejects.toMatchObject({ failure: 'refused', ambiguous: false });
    expect(log.filter((line) => line.startsWith('RabbitMQ is away'))).toEqual([]);
  });

  it('D35: does not keep consuming from going on', async () => {
    open = true;
    held.splice(0).forEach(ack);
    await eventually(() => acked === 100);
    await vhost.management.waitForQueue('email', ({ messages }) => messages === 0);
    expect(broker.state.publishing).toBe('blocked');
  });

  it('D35: works again when the alarm is over, on the connections that it had', async () => {
    await server.setMemoryAlarm(false);
    await eventually(() => broker.publisher.ready);
    await publish(Buffer.from('after'));
    await vhost.management.waitForQueue('email', ({ messages }) => messages === 0);
    expect(log.filter((line) => line.startsWith('RabbitMQ is away'))).toEqual([]);
    expect(log.filter((line) => line === 'Connected to RabbitMQ.')).toHaveLength(2);
  });
});
