import { messagingMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { Call, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { counted } from '../../test/metrics.js';
import { takeParked } from '../../test/messages.js';
import { resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { DatabaseContext } from '../job/context.js';
import { mostRepeats } from './handler-faults.js';

describe('A handler whose connection to PostgreSQL breaks', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 5 }, outside: { concurrency: 5 } },
    });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  /** Ends the backends of this database that are in such a state; says whether there were any. */
  const terminate = async (state: string) => {
    const sql = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND ${state}`;
    return (await servers.database.query(sql)).length > 0;
  };

  const onceMore = ({ tx, id }: DatabaseContext) => write(tx, 'once more', id);

  it.each<[string, (ctx: DatabaseContext) => Promise<unknown>]>([
    ['writes once more', onceMore],
    ['only returns', async () => undefined],
    ['swallows the error', (ctx) => onceMore(ctx).catch(() => undefined)],
    ['throws an error of its own', (ctx) => onceMore(ctx).catch(() => Promise.reject(new Error('of its own')))],
  ])('B36: and then %s is run again without having spent an attempt', async (note, goOn) => {
    const gate = new Gate();
    script.record = async (payload, ctx) => {
      await write(ctx.tx, payload.note, ctx.id);
      await gate.pass();
      await goOn(ctx);
    };
    const { id } = await application.tasks.enqueue(Record, { note });
    await eventually(() => gate.entered === 1);
    await terminate(`state LIKE 'idle in transaction%'`);
    gate.open();
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    expect(gate.entered).toBe(2);
    expect((await application.ledger()).filter((line) => line === note)).toHaveLength(1);
    expect(await servers.vhost.management.getMessages('dead-letters')).toEqual([]);
  });

  it('B36: during a query is run again without having spent an attempt', async () => {
    let runs = 0;
    script.record = async (_payload, { tx }) => {
      runs += 1;
      if (runs === 1) await tx.query('SELECT pg_sleep(60)');
    };
    const { id } = await application.tasks.enqueue(Record, { note: 'asleep' });
    await eventually(() => terminate(`wait_event = 'PgSleep'`));
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    expect(runs).toBe(2);
  });

  it('takes a broken connection to somewhere else for what it is: its own failure', async () => {
    script.ping = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const { id } = await application.tasks.enqueue(Ping, { note: 'elsewhere' });
    expect((await application.failed(id)).message).toBe('connect ECONNREFUSED');
  });

  describe('and that ended it itself', () => {
    const endItself = `SELECT pg_terminate_backend(pg_backend_pid())`;
    const never = { retry: { maxRetries: 0 } };

    it.each<[string, (ctx: DatabaseContext) => Promise<unknown>, RegExp]>([
      ['says so', ({ tx }) => tx.query(endItself), /terminating connection|Connection terminated/],
      ['swallows it', ({ tx }) => tx.query(endItself).catch(() => undefined), /connection error|already released/],
      [
        'has declared its transaction READ ONLY, and writes',
        ({ tx, id }) => tx.query('SET TRANSACTION READ ONLY').then(() => write(tx, 'read only', id)),
        /read-only transaction/,
      ],
    ])('is run again a few times and has then failed: it %s', async (_, run, message) => {
      let runs = 0;
      script.record = async (payload, ctx) => {
        if (payload.note !== 'ends') return void (await write(ctx.tx, payload.note, ctx.id));
        runs += 1;
        await run(ctx);
      };
      const { id } = await application.tasks.enqueue(Record, { note: 'ends' }, never);
      expect((await application.failed(id)).message).toMatch(message);
      expect(runs).toBe(1 + mostRepeats);
      await takeParked(servers);
      const other = await application.tasks.enqueue(Record, { note: 'other' });
      expect(await application.ended(other.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    });

    it('is run again here, though the lock of its task is let go of a little later', async () => {
      const holder = application.dataSource.createQueryRunner();
      await holder.connect();
      let runs = 0;
      let held: Promise<unknown> | undefined;
      script.record = async (_payload, { tx, id }) => {
        if ((runs += 1) > 1) return;
        // Gets it in the moment that the ended connection lets go of it, and has it until that was noticed.
        held = holder.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [id]);
        const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
        await eventually(async () => (await servers.database.query(waiting)).length > 0);
        await tx.query(endItself);
      };
      const consumed = () => counted(messagingMetrics.consumedMessages, { destination: 'work' });
      const before = await consumed();
      const { inbox } = application.store;
      const claim = inbox.claim.bind(inbox);
      let busy = 0;
      inbox.claim = async <T>(...args: Parameters<typeof inbox.claim>) => {
        const claimed = await claim<T>(...args);
        if (claimed.kind === 'busy' && (busy += 1) === 1) await holder.query('SELECT pg_advisory_unlock_all()');
        return claimed;
      };
      const { id } = await application.tasks.enqueue(Record, { note: 'late lock' }, never);
      expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
      inbox.claim = claim;
      await held;
      await holder.release();
      expect(busy).toBeGreaterThan(0);
      expect(runs).toBe(2);
      expect((await consumed()) - before).toBe(1);
    });

    it('has failed once, though somebody looks at it in the moment that its failure is recorded', async () => {
      const holder = application.dataSource.createQueryRunner();
      await holder.connect();
      let runs = 0;
      script.record = () => Promise.reject(new Error(`its own, run ${(runs += 1)}`));
      const { inbox } = application.store;
      const claim = inbox.claim.bind(inbox);
      let claims = 0;
      inbox.claim = async <T>(...args: Parameters<typeof inbox.claim>) => {
        if ((claims += 1) === 2) await holder.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [id]);
        const claimed = await claim<T>(...args);
        if (claimed.kind === 'busy') await holder.query('SELECT pg_advisory_unlock_all()');
        return claimed;
      };
      const { id } = await application.tasks.enqueue(Record, { note: 'looked at' }, never);
      expect((await application.failed(id)).message).toBe('its own, run 1');
      inbox.claim = claim;
      await holder.release();
      expect({ runs, claims }).toEqual({ runs: 1, claims: 3 });
      await takeParked(servers);
    });

    it('has failed also when its effects are idempotent or external, and leaves nothing spinning', async () => {
      let runs = 0;
      const run = async () => {
        runs += 1;
        await application.dataSource.query(endItself);
      };
      Object.assign(script, { ping: run, call: run });
      const tasks = [
        await application.tasks.enqueue(Ping, { note: 'ends' }, { ...never, tracked: true }),
        await application.tasks.enqueue(Call, { note: 'ends' }, never),
      ];
      for (const { id } of tasks) await application.failed(id);
      expect(runs).toBe(2 * (1 + mostRepeats));
      await takeParked(servers, 2);
    });

    it('has failed at once when its query has a wrong number of parameters, whose code is that of a broken protocol', async () => {
      let runs = 0;
      script.record = async (_payload, { tx }) => {
        runs += 1;
        await tx.query('SELECT $1::int, $2::int', [1]);
      };
      const { id } = await application.tasks.enqueue(Record, { note: 'too few' }, never);
      expect((await application.failed(id)).message).toContain('bind message supplies 1 parameters');
      expect(runs).toBe(1);
      await takeParked(servers);
    });
  });
});
