import { eventually, startTcpProxy, type TcpProxy } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Fleet } from '../../test/fleet.js';
import { Gate } from '../../test/gate.js';
import { Load } from '../../test/load.js';
import { calls, outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

const heartbeatSeconds = 2;
const silenceSeconds = 5;

describe('A network that swallows what one of two workers sends', () => {
  let servers: Servers;
  let proxy: TcpProxy;
  let fleet: Fleet;
  let load: Load | undefined;

  beforeEach(async () => {
    resetScript();
    servers = await createServers();
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
  });

  afterEach(async () => {
    resetScript();
    await load?.stop();
    await proxy?.resume();
    await fleet?.stop();
    await proxy?.close();
    await servers?.remove();
  });

  async function expectAllOnce({ all, accepted }: Load): Promise<void> {
    expect(await ends(servers)).toEqual({ 'succeeded 1': all.length });
    await nothingLeft(servers); // or what comes late a second time would not be counted
    expect(notOnce(accepted.record, await writers(servers))).toEqual([]);
    expect(notOnce(accepted.call, calls)).toEqual([]);
    await fleet.expectFullConcurrency();
  }

  const isReady = async (worker: number) => (await fleet.workers[worker]!.service.health.report()).status === 'ok';

  it('D33: to the broker is noticed by heartbeats; the other takes over, and it comes back', async () => {
    const url = new URL(servers.vhost.amqpUrl);
    url.searchParams.set('heartbeat', String(heartbeatSeconds));
    proxy = await startTcpProxy(url.href);
    fleet = await Fleet.start(servers, [{ amqpUrl: proxy.url }, {}]);
    await fleet.ready();
    load = new Load(fleet.producer.tasks);
    await load.more(100);
    proxy.stall();
    const before = [...load.all];
    await eventually(async () => !(await isReady(0)), { what: 'the worker to notice' });
    await load.more(100);
    expect(await isReady(1)).toBe(true);
    const unfinished = 'SELECT FROM tasks.task WHERE id = ANY ($1) AND finished_at IS NULL';
    await eventually(async () => (await servers.database.query(unfinished, [before])).length === 0, {
      what: 'the other to end what the first had',
    });
    await proxy.resume();
    await fleet.ready();
    await load.more(100);
    await load.stop();
    await expectAllOnce(load);
  });

  it('D36: to PostgreSQL is noticed by the silence; its places are free again and no task is lost or done twice', async () => {
    proxy = await startTcpProxy(servers.database.url);
    fleet = await Fleet.start(servers, [{ databaseUrl: proxy.url, silenceSeconds }, {}]);
    await fleet.ready();
    const gate = new Gate();
    const silences: string[] = [];
    script.record = async ({ note }, ctx) => {
      await gate.pass();
      await write(ctx.tx, note, ctx.id).catch((error: Error) => {
        silences.push(error.message);
        throw error;
      });
    };
    load = new Load(fleet.producer.tasks);
    await eventually(() => gate.entered === 10, { what: 'all places of both workers to be taken' });
    proxy.stall();
    gate.open();
    await eventually(() => silences.length >= 5, { what: 'the writes of one worker to fail' });
    expect(silences.filter((message) => !message.includes('the connection is taken for lost'))).toEqual([]);
    expect([await isReady(0), await isReady(1)]).toEqual([false, true]);
    await load.more(100);
    // What PostgreSQL still holds for connections that it cannot know to be dead, a reset gives back.
    proxy.cut();
    await proxy.resume();
    await fleet.ready();
    await load.more(100);
    await load.stop();
    await expectAllOnce(load);
  });
});
