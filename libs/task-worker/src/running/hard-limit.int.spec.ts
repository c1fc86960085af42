import { eventually } from '@mentorhub/testing';
import { Brief, BriefCall, BriefPing, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { takeParked } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { PermanentError, type AnyTaskContract } from '@mentorhub/task-contracts';
import type { TaskContext } from '../job/context.js';

describe('An inline handler that runs into its hard limit', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 1 }, outside: { concurrency: 1 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const once = { maxRetries: 0 };
  const aborted = (ctx: TaskContext) => eventually(() => ctx.signal.aborted);

  it.each<[string, AnyTaskContract]>([
    ['database', Brief],
    ['external', BriefCall],
    ['idempotent', BriefPing],
  ])('B15: with %s effects has timed out whatever it returns, and is tried again', async (_, contract) => {
    let attempts = 0;
    const slow = async (_payload: unknown, ctx: TaskContext): Promise<void> => {
      attempts += 1;
      if (attempts === 1) await aborted(ctx);
    };
    Object.assign(script, { record: slow, call: slow, ping: slow });
    const retry = { maxRetries: 1, delaySeconds: 0.05 };
    const { id } = await application.tasks.enqueue(contract, { note: 'slow' }, { retry, tracked: true });
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
    // What became of the first attempt may be told after the end of the second.
    const first = await eventually(async () =>
      (await application.store.history.timeline(id)).find(({ kind }) => kind === 'retrying'),
    );
    expect(first).toMatchObject({ attempt: 1, details: { error: { name: 'HardLimitError' } } });
  });

  it('B15: loses its transaction, also one that is in the middle of a statement', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.tx.query('SELECT pg_sleep(60)').catch(() => undefined);
    };
    const { id } = await application.tasks.enqueue(Brief, { note: 'lost' }, { retry: once });
    expect((await application.failed(id)).name).toBe('HardLimitError');
    expect(await application.ledger()).toEqual([]);
    await takeParked(servers);
  });

  it('B15: loses its transaction also when no connection of the pool is left to end it with', async () => {
    const size = application.dataSource.options.poolSize as number;
    const others = Array.from({ length: size - 1 }, () => application.dataSource.createQueryRunner());
    await Promise.all(others.map((runner) => runner.connect()));
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.tx.query('SELECT pg_sleep(600)').catch(() => undefined);
    };
    try {
      const { id } = await application.tasks.enqueue(Brief, { note: 'crowded' }, { retry: once });
      expect((await application.failed(id)).name).toBe('HardLimitError');
      expect(await application.ledger()).toEqual([]);
    } finally {
      await Promise.all(others.map((runner) => runner.release()));
    }
    await takeParked(servers);
  });

  it('B15: loses its transaction and its locks are free', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.tx.query('SELECT pg_advisory_xact_lock(77)');
      await aborted(ctx);
    };
    const { id } = await application.tasks.enqueue(Brief, { note: 'locked' }, { retry: once });
    expect((await application.failed(id)).name).toBe('HardLimitError');
    const free = await servers.database.query('SELECT pg_try_advisory_lock(77) AS free');
    expect(free).toEqual([{ free: true }]);
    await takeParked(servers);
  });

  it('B15: keeps its slot, and its retry waits, until it has returned', async () => {
    const gate = new Gate();
    let signal: AbortSignal | undefined;
    script.record = async ({ note }, ctx) => {
      signal ??= ctx.signal;
      if (note === 'stuck') await gate.pass();
      outside(note);
    };
    const { id } = await application.tasks.enqueue(Brief, { note: 'stuck' }, { retry: once });
    await eventually(() => signal?.aborted);
    const behind = await application.tasks.enqueue(Record, { note: 'behind' });
    expect((await application.store.history.find(id))?.state).not.toBe('failed');
    expect(calls).toEqual([]);
    gate.open();
    expect((await application.failed(id)).name).toBe('HardLimitError');
    await application.ended(behind.id);
    expect(calls).toEqual(['stuck', 'behind']);
    await takeParked(servers);
  });

  it('B18: has succeeded all the same when its one call to the outside was made and answered', async () => {
    script.call = async ({ note }, ctx) => {
      await ctx.once(async () => outside(note));
      await aborted(ctx);
    };
    const { id } = await application.tasks.enqueue(BriefCall, { note: 'called' });
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(calls).toEqual(['called']);
  });

  it('B18: fails as it says itself what it does not like about the answer, also when that comes late', async () => {
    script.call = async ({ note }, ctx) => {
      await ctx.once(async () => outside(note));
      await aborted(ctx);
      throw new PermanentError('The answer was 503.');
    };
    const { id } = await application.tasks.enqueue(BriefCall, { note: 'refused' });
    expect(await application.failed(id)).toMatchObject({ name: 'PermanentError', message: 'The answer was 503.' });
    await takeParked(servers);
  });

  it('B18: has succeeded also when it throws since its signal fired after the call was answered', async () => {
    script.call = async ({ note }, ctx) => {
      await ctx.once(async () => outside(note));
      await aborted(ctx);
      ctx.signal.throwIfAborted();
    };
    const { id } = await application.tasks.enqueue(BriefCall, { note: 'called' });
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(calls).toEqual(['called']);
  });
});
