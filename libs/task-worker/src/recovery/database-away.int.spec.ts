import { jest } from '@jest/globals';
import { eventually, PrivateDatabaseServer, sized } from '@mentorhub/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { expectAllOnce, writers } from '../../test/counts.js';
import { Call, Ping } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { Gate } from '../../test/gate.js';
import { Load } from '../../test/load.js';
import { ownSeconds } from '../../test/own-seconds.js';
import { calls, outside, resetScript, script } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

const restarts = sized({ short: 2, full: 20 });
const awaySeconds = sized({ short: 5, full: 600 });
const resumesWithinSeconds = 10;

jest.setTimeout(300_000 + restarts * 30_000 + awaySeconds * 1000);

describe('A PostgreSQL that goes away under load', () => {
  let server: PrivateDatabaseServer;
  let servers: Servers;
  let fleet: Fleet;
  let load: Load | undefined;

  beforeAll(async () => {
    server = await PrivateDatabaseServer.create();
  });

  beforeEach(async () => {
    servers = await createServers({ databaseServer: server });
    fleet = await Fleet.start(servers);
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
    load = undefined;
  });

  afterEach(async () => {
    resetScript();
    await load?.stop();
    await fleet?.stop();
    await servers?.remove();
  });

  afterAll(() => server?.remove());

  /** Waits for the next work of both kinds; @returns the seconds that it took. */
  async function resumed(): Promise<number> {
    const since = performance.now();
    const before = { records: await eventually(() => recorded()), calls: calls.length };
    const goesOn = async () => calls.length > before.calls && (await recorded()) > before.records;
    await eventually(goesOn, { what: 'work of both kinds' });
    return (performance.now() - since) / 1000;
  }
  const recorded = async () => (await writers(servers)).length;

  /** Starts it; @returns the seconds from the first moment that a client gets in until work goes on. */
  async function comeBack(): Promise<number> {
    const starting = server.start();
    await eventually(() => server.acceptsConnections(), { what: 'PostgreSQL to accept' });
    const seconds = await resumed();
    await starting;
    return seconds;
  }

  it(`D36: ${restarts} times, by crash and by restart, costs no attempt and no task, and work resumes within 10 s`, async () => {
    load = new Load(fleet.producer.tasks);
    const seconds: number[] = [];
    for (let n = 0; n < restarts; n += 1) {
      await load.more(100);
      await (n % 2 === 0 ? server.kill() : server.stop());
      await eventually(async () => !(await fleet.isReady()), { what: 'workers to notice' });
      seconds.push(await ownSeconds(comeBack));
      await fleet.ready();
    }
    await load.stop();
    await expectAllOnce(servers, load);
    await fleet.expectFullConcurrency();
    expect(Math.max(...seconds)).toBeLessThan(resumesWithinSeconds);
  });

  it(`D36: for ${awaySeconds} s costs no attempt and no task, and work resumes within 10 s`, async () => {
    load = new Load(fleet.producer.tasks);
    await load.more(200);
    await server.stop();
    // How long it is away is what is tested; nothing waits for this.
    await pause(awaySeconds * 1000);
    expect(await fleet.isReady()).toBe(false);
    const seconds = await ownSeconds(comeBack);
    await load.more(100);
    await load.stop();
    expect(load.refused).toBeGreaterThan(0);
    await expectAllOnce(servers, load);
    await fleet.expectFullConcurrency();
    expect(seconds).toBeLessThan(resumesWithinSeconds);
  });

  it.each([
    ['before it says that it calls', Call],
    ['when it looks something up', Ping],
  ])(
    'D36: under a handler, %s, costs no attempt, and the task does not wait for its claim to run out',
    async (_, task) => {
      const gate = new Gate();
      script.call = async (_payload, ctx) => gate.pass().then(() => ctx.once(async () => outside(ctx.id)));
      script.ping = async (_payload, { id }) => {
        await gate.pass();
        await fleet.workers[0]!.dataSource.query('SELECT 1');
        outside(id);
      };
      const { id } = await fleet.producer.tasks.enqueue<typeof Call | typeof Ping>(
        task,
        { note: '' },
        { tracked: true },
      );
      await eventually(() => gate.entered === 1);
      await server.kill();
      gate.open();
      await eventually(async () => !(await fleet.isReady()), { what: 'workers to notice' });
      await server.start();
      expect(await fleet.producer.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(calls).toEqual([id]);
    },
  );
});
