import { derivedId } from '@mentorhub/task-store';
import { Call, Ping, Record } from '../../test/example-tasks.js';
import { calls, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('What a handler with database effects does', () => {
  let servers: Servers;
  let application: TaskApplication;
  const child = derivedId('child');

  beforeAll(async () => {
    servers = await createServers();
    await servers.database.query(
      `CREATE TABLE public.deferred (parent uuid REFERENCES tasks.task DEFERRABLE INITIALLY DEFERRED)`,
    );
    const queues = { work: { concurrency: 5 }, outside: { concurrency: 5 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  beforeEach(async () => {
    resetScript();
    await servers.database.query('TRUNCATE public.ledger, tasks.task, tasks.inbox CASCADE');
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const exists = async (id: string) => (await application.store.history.find(id)) !== undefined;
  const run = async () => (await application.tasks.enqueue(Record, { note: 'effects' })).id;
  const nothingWasKept = async () => {
    expect(await application.ledger()).toEqual([]);
    expect(await exists(child)).toBe(false);
  };

  it('B19: commits together: its rows, its result, and the tasks that it enqueues', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.enqueue(Call, { note: 'child' }, { id: child });
      expect(await exists(child)).toBe(false);
    };
    const id = await run();
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', result: { written: 1 } });
    expect(await application.ledger()).toEqual(['effects']);
    expect((await application.ended(child)).state).toBe('succeeded');
    expect(calls).toEqual(['child']);
  });

  it('B19: commits many tasks with it as its children, without those that exist', async () => {
    const request = (id: string) => ({ contract: Call, payload: { note: 'child' }, options: { id } });
    let made: string[] = [];
    script.record = async (_payload, ctx) => {
      await ctx.enqueueMany([request(child)]);
      made = (await ctx.enqueueMany([request(child), request(derivedId('other child'))])).map(({ id }) => id);
    };
    const id = await run();
    for (const ended of [id, child, derivedId('other child')]) await application.ended(ended);
    expect(made).toEqual([derivedId('other child')]);
    const headers = await servers.database.query('SELECT headers FROM tasks.task WHERE id <> $1', [id]);
    expect(headers).toEqual([1, 2].map(() => ({ headers: expect.objectContaining({ 'x-mh-parent': id }) })));
  });

  it('B19: is undone when it throws, with the tasks that it enqueued', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.enqueueMany([{ contract: Call, payload: { note: 'child' }, options: { id: child } }]);
      throw new RangeError('after both');
    };
    expect(await application.failed(await run())).toMatchObject({ name: 'RangeError', message: 'after both' });
    await nothingWasKept();
  });

  it('B19: is undone when it swallowed an SQL error, although it returned', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.enqueue(Call, { note: 'child' }, { id: child });
      await ctx.tx.query('SELECT 1 / 0').catch(() => undefined);
    };
    expect((await application.failed(await run())).message).toContain('current transaction is aborted');
    await nothingWasKept();
  });

  it('B19: is undone when a deferred constraint refuses the commit', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.enqueue(Call, { note: 'child' }, { id: child });
      await ctx.tx.query('INSERT INTO public.deferred VALUES (gen_random_uuid())');
    };
    expect((await application.failed(await run())).message).toContain('violates foreign key constraint');
    await nothingWasKept();
  });

  it('B19: is undone when its result does not fit the contract', async () => {
    script.record = async (payload, ctx) => {
      await write(ctx.tx, payload.note, ctx.id);
      await ctx.enqueue(Call, { note: 'child' }, { id: child });
      Object.assign(payload, { times: 'many' });
    };
    expect((await application.failed(await run())).message).toContain("The handler's result does not fit its contract");
    await nothingWasKept();
  });

  it('keeps what a savepoint of its own did not undo', async () => {
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      const inner = ctx.tx.transaction(async (savepoint) => {
        await write(savepoint, 'inner');
        throw new Error('inner');
      });
      await inner.catch(() => undefined);
    };
    expect((await application.ended(await run())).state).toBe('succeeded');
    expect(await application.ledger()).toEqual(['effects']);
  });

  it('makes a child that names its parent and the root of both', async () => {
    const grandchild = derivedId('grandchild');
    script.record = async (_payload, ctx) => void (await ctx.enqueue(Call, { note: 'child' }, { id: child }));
    script.call = async (_payload, ctx) => void (await ctx.enqueue(Ping, { note: 'grandchild' }, { id: grandchild }));
    const id = await run();
    await application.ended(child);
    await application.ended(grandchild);
    const headers = async (of: string) =>
      (await servers.database.query('SELECT headers FROM tasks.task WHERE id = $1', [of]))[0]?.['headers'];
    expect(await headers(child)).toMatchObject({ 'x-mh-parent': id, 'x-mh-root': id });
    expect(await headers(grandchild)).toMatchObject({ 'x-mh-parent': child, 'x-mh-root': id });
  });
});
