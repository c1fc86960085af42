import { jest } from '@jest/globals';
import { createDatabase, eventually, PrivateDatabaseServer, startTcpProxy, type TcpProxy } from '@mentorhub/testing';
import { expectAllOnce, writers } from '../../test/counts.js';
import { Fleet } from '../../test/fleet.js';
import { Load } from '../../test/load.js';
import { calls, outside, resetScript, script } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

jest.setTimeout(400_000);

/** Two servers that stream, and in front of them what clients connect to: it leads to one of them. */
describe('A PostgreSQL whose primary changes under load', () => {
  let first: PrivateDatabaseServer;
  let second: PrivateDatabaseServer;
  let proxy: TcpProxy;
  let servers: Servers;
  let fleet: Fleet;
  let load: Load | undefined;

  beforeAll(async () => {
    first = await PrivateDatabaseServer.create();
    second = await first.createStandby();
    proxy = await startTcpProxy(first.url);
    const databaseServer = {
      createDatabase: (options: Parameters<typeof createDatabase>[0]) =>
        createDatabase({ ...options, server: proxy.url }),
    };
    servers = await createServers({ databaseServer });
    fleet = await Fleet.start(servers);
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
  });

  afterAll(async () => {
    resetScript();
    await load?.stop();
    await fleet?.stop();
    await servers?.remove();
    await proxy?.close();
    await Promise.all([first?.remove(), second?.remove()]);
  });

  const ready = (wanted: boolean) =>
    eventually(async () => (await fleet.isReady()) === wanted, {
      what: wanted ? 'all workers to be ready' : 'workers to notice',
    });

  /** Work of both kinds that was accepted from now on has been done. */
  async function resumed(): Promise<void> {
    await ready(true);
    const before = { records: (await writers(servers)).length, calls: calls.length };
    await load!.more(50);
    await eventually(async () => calls.length > before.calls && (await writers(servers)).length > before.records, {
      what: 'work to go on',
    });
  }

  it('D36: loses and doubles nothing and spends no attempt, with connections that go on answering from a server that takes no writes', async () => {
    load = new Load(fleet.producer.tasks);
    await load.more(100);

    // Demoted where it stands: nothing is cut, and every connection still answers.
    await first.run('ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
    await ready(false);
    await second.promote();
    proxy.leadTo(second.url);
    await resumed();

    // The proxy leads to the old primary again, which has come back as a standby, and then finds the new one.
    await first.becomeStandbyOf(second);
    proxy.leadTo(first.url);
    proxy.cut();
    await ready(false);
    proxy.leadTo(second.url);
    await resumed();

    await load.stop();
    await expectAllOnce(servers, load);
  });
});
