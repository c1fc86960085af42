import { jest } from '@jest/globals';
import { messagingMetrics } from '@mentorhub/metrics';
import { eventually, PrivateBroker, sized } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Fleet } from '../../test/fleet.js';
import { Gate } from '../../test/gate.js';
import { Load } from '../../test/load.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

const closings = sized({ short: 2, full: 30 });

jest.setTimeout(300_000 + closings * 20_000);

describe('A broker that closes what the service uses', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let fleet: Fleet;
  let load: Load | undefined;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
  });

  beforeEach(async () => {
    servers = await createServers({ broker });
    fleet = await Fleet.start(servers);
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
  });

  afterEach(async () => {
    resetScript();
    await load?.stop();
    await fleet?.stop();
    await servers?.remove();
  });

  afterAll(() => broker?.remove());

  /** Each of the three services has one to publish and one to consume. The broker shows a closed one for a while longer. */
  const newConnections = (before: Set<string>) =>
    eventually(
      async () => {
        const open = await servers.vhost.management.connections();
        const fresh = open.filter(({ name, connected_at }) => connected_at && !before.has(`${name} ${connected_at}`));
        if (fresh.length < 6) return undefined;
        for (const { name, connected_at } of fresh) before.add(`${name} ${connected_at}`);
        return fresh.map(({ name }) => name);
      },
      { what: 'six new connections' },
    );
  /** What a consumer time-out does: before RabbitMQ 4.3 it closes the channel, since then it ends the consumer. */
  const timedOut = async () =>
    (await counted(messagingMetrics.channelClosed, { reply_code: '406' })) +
    (await counted(messagingMetrics.channelClosed, { reply_code: 'cancelled' }));

  async function expectAllOnce({ all, accepted }: Load): Promise<void> {
    expect(await ends(servers)).toEqual({ 'succeeded 1': all.length });
    await nothingLeft(servers); // or what comes late a second time would not be counted
    expect(notOnce(accepted.record, await writers(servers))).toEqual([]);
    expect(notOnce(accepted.call, calls)).toEqual([]);
  }

  it(`D34: loses nothing when all connections are closed by an operator ${closings} times under load`, async () => {
    load = new Load(fleet.producer.tasks);
    const closedBefore = new Set<string>();
    for (let n = 0; n < closings; n += 1) {
      await load.more(50);
      const names = await newConnections(closedBefore);
      await Promise.all(names.map((name) => servers.vhost.management.closeConnection(name)));
      await fleet.ready();
    }
    await load.stop();
    await expectAllOnce(load);
    await fleet.expectFullConcurrency();
    await nothingLeft(servers);
    expect(broker.logged('unknown delivery tag')).toEqual([]);
  });

  it('D34: has its queues, exchanges and consumers back when they are deleted under it', async () => {
    const { management } = servers.vhost;
    const exchanges = (await management.exchanges()).filter(({ name }) => name !== '' && !name.startsWith('amq.'));
    // A worker's own queues are exclusive: nobody else can delete them.
    for (const { name } of await management.queues())
      if (!/^(control|results)\./.test(name)) await management.deleteQueue(name);
    for (const { name } of exchanges) await management.deleteExchange(name);
    load = new Load(fleet.producer.tasks);
    await fleet.ready();
    await load.more(100);
    await load.stop();
    await expectAllOnce(load);
    await fleet.expectFullConcurrency();
    await nothingLeft(servers);
    for (const queue of ['work', 'outside']) await management.waitForQueue(queue, ({ consumers }) => consumers === 2);
  });

  it('D34: gets its consumer back when the broker ended it for a task that took too long, and runs that one once', async () => {
    await broker.control(
      'eval',
      '[application:set_env(rabbit, consumer_timeout, 2000), application:set_env(rabbit, channel_tick_interval, 500)].',
    );
    // What is open keeps the settings that it began with.
    const slow = await Fleet.start(servers);
    await fleet.stop();
    fleet = slow;
    const gate = new Gate();
    script.record = async ({ note }, ctx) => {
      await gate.pass();
      await write(ctx.tx, note, ctx.id);
    };
    const before = await timedOut();
    load = new Load(fleet.producer.tasks);
    await eventually(async () => (await timedOut()) >= before + 2, { what: 'ended consumers' });
    await load.stop();
    gate.open();
    await expectAllOnce(load);
    await nothingLeft(servers);
    await broker.control('eval', 'application:set_env(rabbit, consumer_timeout, 1800000).');
  });
});
