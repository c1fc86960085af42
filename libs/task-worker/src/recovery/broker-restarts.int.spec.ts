import { jest } from '@jest/globals';
import { messagingMetrics } from '@mentorhub/metrics';
import { eventually, PrivateBroker, sized } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Fleet } from '../../test/fleet.js';
import { Load } from '../../test/load.js';
import { counted } from '../../test/metrics.js';
import { ownSeconds } from '../../test/own-seconds.js';
import { outside, resetScript, calls, script } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

const restarts = sized({ short: 2, full: 20 });
const backWithinSeconds = 10;

jest.setTimeout(300_000 + restarts * 60_000);

describe('A broker that restarts under load', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let fleet: Fleet;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    servers = await createServers({ broker });
    fleet = await Fleet.start(servers);
    await broker.writeQueueDirectory();
  });

  afterAll(async () => {
    resetScript();
    await fleet?.stop();
    await servers?.remove();
    await broker?.remove();
  });

  /** The ways a node goes and comes back: crash, upgrade, and the application alone. */
  const ways = [
    { go: () => broker.kill(), comeBack: () => broker.start() },
    { go: () => broker.control('stop_app'), comeBack: () => broker.control('start_app') },
    { go: () => broker.stop(), comeBack: () => broker.start() },
  ];

  /** @returns the seconds from the end of the restart, as whoever ordered it sees it, until all consumers are back. */
  async function restart(n: number): Promise<number> {
    const { go, comeBack } = ways[n % ways.length]!;
    await go();
    await eventually(async () => !(await fleet.isReady()), { what: 'workers to notice' });
    const cameBackAt = comeBack().then(() => performance.now());
    await eventually(() => broker.acceptsConnections(), { what: 'the broker to accept' });
    await fleet.ready();
    const readyAt = performance.now();
    return Math.max(0, readyAt - (await cameBackAt)) / 1000;
  }

  it(`D33: ${restarts} times has all consumers back within 10 s of each, and each task's effect happens once`, async () => {
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
    const wrongAcks = await counted(messagingMetrics.channelClosed, { reply_code: '406' });
    const load = new Load(fleet.producer.tasks);
    const seconds: number[] = [];
    for (let n = 0; n < restarts; n += 1) {
      await load.more(100);
      seconds.push(await ownSeconds(() => restart(n)));
    }
    await load.more(100);
    await load.stop();
    expect(await ends(servers)).toEqual({ 'succeeded 1': load.all.length });
    await nothingLeft(servers); // or what comes late a second time would not be counted
    expect(notOnce(load.accepted.record, await writers(servers))).toEqual([]);
    expect(notOnce(load.accepted.call, calls)).toEqual([]);
    expect(load.refused).toBe(0);
    expect(Math.max(...seconds)).toBeLessThan(backWithinSeconds);
    await fleet.expectFullConcurrency();
    expect(await counted(messagingMetrics.channelClosed, { reply_code: '406' })).toBe(wrongAcks);
    expect(broker.logged('unknown delivery tag')).toEqual([]);
  });
});
