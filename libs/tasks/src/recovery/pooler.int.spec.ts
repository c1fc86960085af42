import { jest } from '@jest/globals';
import { eventually, PrivateDatabaseServer, PrivatePooler } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, rowsOf, writers } from '../../test/counts.js';
import { Brief, Call, Record } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { Load } from '../../test/load.js';
import { calls, outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

jest.setTimeout(300_000);

const missing = await PrivatePooler.missing();

(missing ? describe.skip : describe)(
  `Workers behind a PgBouncer in transaction pooling${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let server: PrivateDatabaseServer;
    let servers: Servers;
    let pooler: PrivatePooler;
    let fleet: Fleet;
    let load: Load | undefined;

    beforeAll(async () => {
      server = await PrivateDatabaseServer.create();
      servers = await createServers({ databaseServer: server });
      // Fewer connections than the workers have places: they share.
      pooler = await PrivatePooler.create(servers.database.url, { default_pool_size: 8, server_login_retry: 1 });
      fleet = await Fleet.start(servers, [{ databaseUrl: pooler.url }, { databaseUrl: pooler.url }]);
    });

    beforeEach(() => {
      script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
      load = undefined;
    });

    afterEach(async () => {
      await load?.stop();
      resetScript();
    });

    afterAll(async () => {
      await fleet?.stop();
      await pooler?.remove();
      await servers?.remove();
      await server?.remove();
    });

    async function expectAllOnce(): Promise<void> {
      await load?.stop();
      const [records, called] = [await rowsOf(servers, Record.name), await rowsOf(servers, Call.name)];
      expect(await ends(servers, 240)).toEqual({ 'succeeded 1': records.length + called.length });
      expect(notOnce(records, await writers(servers))).toEqual([]);
      expect(notOnce(called, calls)).toEqual([]);
      await nothingLeft(servers);
      await servers.database.query('DELETE FROM tasks.task');
      await servers.database.query('DELETE FROM public.ledger');
    }

    it.each<[string, () => Promise<unknown>]>([
      ['all goes well', async () => undefined],
      ['PgBouncer crashes and comes back', () => pooler.kill().then(() => pooler.start())],
      ['PostgreSQL restarts behind it', () => server.stop().then(() => server.start())],
    ])('D36: run each task once, at its first attempt, when %s', async (_, happens) => {
      load = new Load(fleet.producer.tasks);
      await load.more(100);
      await happens();
      await fleet.ready(60);
      await load.more(100);
      await expectAllOnce();
    });

    it('B15: end the transaction of a handler at its hard limit, and nobody else’s', async () => {
      load = new Load(fleet.producer.tasks);
      await load.more(50);
      const started: string[] = [];
      script.record = async ({ note }, ctx) => {
        await write(ctx.tx, note, ctx.id);
        if (note !== 'slow') return;
        started.push(ctx.id);
        await ctx.tx.query('SELECT pg_sleep(120)');
      };
      const slow = await fleet.producer.tasks.enqueue(Brief, { note: 'slow' }, { retry: { maxRetries: 0 } });
      expect((await fleet.producer.failed(slow.id)).name).toBe('HardLimitError');
      expect(started).toEqual([slow.id]);
      const sleeping = () =>
        servers.database.query(
          `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid()`,
        );
      await eventually(async () => (await sleeping()).length === 0, { what: 'its statement to be ended' });
      await load.stop();
      expect(await writers(servers)).not.toContain(slow.id);
      await servers.database.query('DELETE FROM tasks.task WHERE id = $1', [slow.id]);
      await servers.vhost.management.purge('dead-letters');
      await expectAllOnce();
    });
  },
);
