import { eventually } from '@mentorhub/testing';
import { Call, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { takeParked } from '../../test/messages.js';
import { calls, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { DatabaseContext } from '../job/context.js';
import { mostRepeats } from './handler-faults.js';

/** A spent attempt would be the last one. */
const never = { retry: { maxRetries: 0 } };

/** As a lock, a deadlock or a time-out of another transaction's making would, the first so many times. */
const raising = (code: string, times: number) => `
  IF nextval('public.raised') <= ${times} THEN RAISE EXCEPTION 'from the test' USING ERRCODE = '${code}'; END IF;`;

/** Puts faults in the way of the runtime's own statements. */
const obstacles = {
  claim: (code: string, times: number) => `
    CREATE OR REPLACE FUNCTION tasks.claim(p_task uuid, p_run integer, p_attempt integer, p_token uuid, p_seconds float8)
    RETURNS TABLE (kind text, outcome json, starts integer) LANGUAGE plpgsql AS $$ BEGIN
      ${raising(code, times)}
      RETURN QUERY SELECT * FROM public.real_claim(p_task, p_run, p_attempt, p_token, p_seconds);
    END $$`,
  record: (code: string, times: number, state = 'succeeded') => `
    CREATE OR REPLACE FUNCTION public.in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      ${raising(code, times)}
      RETURN new;
    END $$;
    CREATE OR REPLACE TRIGGER in_the_way BEFORE INSERT OR UPDATE ON tasks.inbox FOR EACH ROW
      WHEN (new.state = '${state}') EXECUTE FUNCTION public.in_the_way()`,
};

describe('A fault of the runtime’s own statements', () => {
  let servers: Servers;
  let application: TaskApplication;
  const sql = (text: string) => servers.database.query(text);

  beforeAll(async () => {
    servers = await createServers();
    await sql(`CREATE SEQUENCE public.raised`);
    await sql(`ALTER FUNCTION tasks.claim RENAME TO real_claim`);
    await sql(`ALTER FUNCTION tasks.real_claim SET SCHEMA public`);
    await sql(obstacles.claim('40P01', 0));
    const queues = { work: { concurrency: 5 }, outside: { concurrency: 5 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  afterEach(async () => {
    resetScript();
    await sql(obstacles.claim('40P01', 0));
    await sql(`DROP TRIGGER IF EXISTS in_the_way ON tasks.inbox`);
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  it.each<[string, keyof typeof obstacles, AnyTaskContract, string, number]>([
    ['a deadlock while claiming', 'claim', Record, '40P01', 2],
    ['a deadlock while claiming a call', 'claim', Call, '40P01', 2],
    ['a lock time-out while claiming', 'claim', Record, '55P03', 1],
    ['a full disk while claiming', 'claim', Record, '53100', 1 + mostRepeats],
    ['a deadlock while recording a success', 'record', Record, '40P01', 2],
    ['a lock time-out while recording a success', 'record', Record, '55P03', 1],
    ['a statement time-out while recording the success of a call', 'record', Call, '57014', 2],
  ])('spends no attempt: %s', async (_, where, contract, code, times) => {
    await sql(`ALTER SEQUENCE public.raised RESTART`);
    await sql(obstacles[where](code, times));
    const { id } = await application.tasks.enqueue(contract, { note: `${where} ${code}` }, never);
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    const effects = [...(await application.ledger()), ...calls];
    expect(effects.filter((note) => note === `${where} ${code}`)).toHaveLength(1);
    expect(await servers.vhost.management.getMessages('dead-letters')).toEqual([]);
    await sql('TRUNCATE public.ledger');
  });

  it('is no reason to run a handler again whose failure was being recorded', async () => {
    await sql(`ALTER SEQUENCE public.raised RESTART`);
    await sql(obstacles.record('40P01', mostRepeats, 'failed'));
    let runs = 0;
    script.record = async () => {
      runs += 1;
      throw new Error('its own');
    };
    const { id } = await application.tasks.enqueue(Record, { note: 'fails' }, never);
    expect((await application.failed(id)).message).toBe('its own');
    expect(runs).toBe(1);
    await takeParked(servers);
  });

  it('gives no further runs to a handler that ends its connection each time', async () => {
    let runs = 0;
    script.record = async (_payload, { tx }) => {
      runs += 1;
      // What the runtime does next meets a fault, too.
      if (runs === 2) await sql(`SELECT setval('public.raised', 1, false)`);
      await tx.query(`SELECT pg_terminate_backend(pg_backend_pid())`);
    };
    await sql(`SELECT nextval('public.raised')`);
    await sql(obstacles.claim('40P01', 1));
    const { id } = await application.tasks.enqueue(Record, { note: 'ends' }, never);
    expect((await application.failed(id)).message).toMatch(/terminating connection|Connection terminated/);
    expect(runs).toBe(1 + mostRepeats);
    await takeParked(servers);
  });

  describe('while what a handler meets itself', () => {
    const colliding = ({ tx }: DatabaseContext, code: string) =>
      tx.query(`DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '${code}'; END $$`);

    it.each(['40001', '40P01'])('with code %s is run again at once a few times before it counts', async (code) => {
      let runs = 0;
      script.record = async ({ note }, ctx) => {
        runs += 1;
        await write(ctx.tx, note, ctx.id);
        if (note === 'always' || runs <= mostRepeats) await colliding(ctx, code);
      };
      const lucky = await application.tasks.enqueue(Record, { note: 'lucky' }, never);
      expect(await application.ended(lucky.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(runs).toBe(1 + mostRepeats);
      runs = 0;
      const always = await application.tasks.enqueue(Record, { note: 'always' }, never);
      expect((await application.failed(always.id)).message).toBe('collided');
      expect(runs).toBe(1 + mostRepeats);
      expect(await application.ledger()).toEqual(['lucky']);
      await takeParked(servers);
      await sql('TRUNCATE public.ledger');
    });

    it('as a deadlock of two tasks costs neither of them an attempt', async () => {
      const lock = (ctx: DatabaseContext, key: number) => ctx.tx.query('SELECT pg_advisory_xact_lock($1)', [key]);
      const gate = new Gate();
      let entered = 0;
      script.record = async ({ note }, ctx) => {
        const [first, second] = note === 'one' ? [1, 2] : [2, 1];
        await lock(ctx, first);
        entered += 1;
        if (entered <= 2) await gate.pass();
        await lock(ctx, second);
        await write(ctx.tx, note, ctx.id);
      };
      const ids = [];
      for (const note of ['one', 'other']) ids.push((await application.tasks.enqueue(Record, { note }, never)).id);
      await eventually(() => gate.entered === 2);
      gate.open();
      for (const id of ids) expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(entered).toBeGreaterThan(2);
      expect(await application.ledger()).toEqual(['one', 'other']);
    });

    it('as a statement that takes too long is its own failure, at once', async () => {
      let runs = 0;
      script.record = async (_payload, { tx }) => {
        runs += 1;
        await tx.query(`SET LOCAL statement_timeout = 20`);
        await tx.query('SELECT pg_sleep(30)');
      };
      const { id } = await application.tasks.enqueue(Record, { note: 'slow' }, never);
      expect((await application.failed(id)).message).toContain('statement timeout');
      expect(runs).toBe(1);
      await takeParked(servers);
    });
  });

  it('is not what a constraint meets that the handler deferred to its COMMIT', async () => {
    await sql(`CREATE TABLE public.deferring (note text)`);
    await sql(`
      CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'from the test' USING ERRCODE = '55P03';
      END $$;
      CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON public.deferring DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.refuse()`);
    let runs = 0;
    script.record = async (_payload, { tx }) => {
      runs += 1;
      await tx.query(`INSERT INTO public.deferring VALUES ('x')`);
    };
    const { id } = await application.tasks.enqueue(Record, { note: 'deferred' }, never);
    expect(await application.failed(id)).toMatchObject({ message: 'from the test' });
    expect(runs).toBe(1);
    await takeParked(servers);
  });
});
