import { eventually, PrivateDatabaseServer, PrivatePooler } from '@mentorhub/testing';
import { expectAllOnce, writers } from '../../test/counts.js';
import { Brief } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { Load } from '../../test/load.js';
import { takeParked } from '../../test/messages.js';
import { outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

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
      await servers.database.query('DELETE FROM tasks.task');
      await servers.database.query('DELETE FROM public.ledger');
    });

    afterAll(async () => {
      await fleet?.stop();
      await pooler?.remove();
      await servers?.remove();
      await server?.remove();
    });

    it.each<[string, () => Promise<unknown>]>([
      ['all goes well', async () => undefined],
      ['PgBouncer crashes and comes back', () => pooler.kill().then(() => pooler.start())],
      ['PostgreSQL restarts behind it', () => server.stop().then(() => server.start())],
    ])('D36: run each task once, at its first attempt, when %s', async (_, happens) => {
      load = new Load(fleet.producer.tasks);
      await load.more(100);
      await happens();
      await fleet.ready();
      await load.more(100);
      await load.stop();
      await expectAllOnce(servers, load);
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
      await takeParked(servers);
      const limit = "failed 1 The task's hard time limit of 1 s is reached; the attempt counts as timed out.";
      await expectAllOnce(servers, load, { [limit]: 1 });
    });
  },
);
