import { taskMetrics } from '@mentorhub/metrics';
import { eventually, startTcpProxy } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Book, Call } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { ClaimLostError } from '../job/context.js';

describe('A task with external effects', () => {
  let servers: Servers;
  let application: TaskApplication;
  const queues = { outside: { concurrency: 5 } };

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  beforeEach(resetScript);
  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  /** What a worker that died leaves behind, with its claim over. */
  async function deadWorker(phase: 'claimed' | 'calling'): Promise<string> {
    const id = randomUUID();
    await servers.database.query(
      `INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
       VALUES ($1, 1, 1, 'claimed', gen_random_uuid(), $2, clock_timestamp() - interval '1 s')`,
      [id, phase],
    );
    return id;
  }

  const inbox = async (id: string) =>
    (await servers.database.query('SELECT state, phase, token FROM tasks.inbox WHERE task_id = $1', [id]))[0];

  /** Another worker takes the task over, as it may once the claim has expired. */
  const takeOver = () =>
    servers.database.query(`UPDATE tasks.inbox SET token = gen_random_uuid() WHERE state = 'claimed'`);

  it('says that it calls before it calls, and holds no connection meanwhile', async () => {
    const gate = new Gate();
    script.call = ({ note }, ctx) =>
      ctx.once(async () => {
        await gate.pass();
        outside(note);
      });
    const id = await deliver(application, Call, { note: 'hello' });
    await eventually(() => gate.entered === 1);
    expect(await inbox(id)).toMatchObject({ state: 'claimed', phase: 'calling' });
    const busy = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
    // The history's projection may be in the middle of one at this moment.
    await eventually(async () => (await servers.database.query(busy)).length === 0);
    gate.open();
    await application.ended(id);
    expect(await inbox(id)).toEqual({ state: 'succeeded', phase: null, token: null });
  });

  it('B18: runs again when its worker died before it called', async () => {
    const id = await deadWorker('claimed');
    await deliver(application, Book, { note: 'again' }, { id });
    expect((await application.ended(id)).state).toBe('succeeded');
    expect(calls).toEqual(['again']);
  });

  it('B18: is called again and counted when its worker died while calling and the contract says "again"', async () => {
    const before = await counted(taskMetrics.ambiguous, { task: Call.name, action: 'again' });
    const id = await deadWorker('calling');
    await deliver(application, Call, { note: 'again' }, { id });
    expect((await application.ended(id)).state).toBe('succeeded');
    expect(calls).toEqual(['again']);
    expect(await counted(taskMetrics.ambiguous, { task: Call.name, action: 'again' })).toBe(before + 1);
  });

  it('B18: is parked and counted when its worker died while calling and the contract says "park"', async () => {
    const id = await deadWorker('calling');
    await deliver(application, Book, { note: 'unsure' }, { id });
    expect((await application.failed(id)).message).toContain('nobody knows whether the call happened');
    expect((await takeParked(servers))[0]?.envelope).toMatchObject({ reason: 'ambiguous', taskId: id });
    expect(calls).toEqual([]);
    expect(await counted(taskMetrics.ambiguous, { task: Book.name, action: 'parked' })).toBe(1);
  });

  it.each([
    ['calling', ['again'], 'succeeded'],
    ['claimed', [], 'expired'],
  ] as const)(
    'B14: whose worker died while %s and whose expiry has passed since made %j and ends as %s',
    async (phase, made, state) => {
      const id = await deadWorker(phase);
      await deliver(application, Call, { note: 'again' }, { id, expiresAt: new Date(Date.now() - 1_000) });
      expect((await application.ended(id)).state).toBe(state);
      expect(calls).toEqual(made);
    },
  );

  it('cannot call once another worker has taken it over', async () => {
    const gate = new Gate();
    let thrown: unknown;
    script.call = async ({ note }, ctx) => {
      await gate.pass();
      await ctx
        .once(async () => outside(note))
        .catch((error: unknown) => {
          thrown = error;
          throw error;
        });
    };
    const id = await deliver(application, Call, { note: 'too late' });
    await eventually(() => gate.entered === 1);
    await takeOver();
    gate.open();
    await eventually(() => thrown);
    expect(thrown).toBeInstanceOf(ClaimLostError);
    expect(calls).toEqual([]);
    resetScript();
    await application.ended(await deliver(application, Call, { note: 'fence' }));
    expect(await application.store.history.timeline(id)).toEqual([]);
  });

  it('tells no outcome that another worker has to tell', async () => {
    const gate = new Gate();
    script.call = ({ note }, ctx) =>
      ctx.once(async () => {
        outside(note);
        await gate.pass();
      });
    const superseded = await deliver(application, Call, { note: 'superseded' });
    await eventually(() => gate.entered === 1);
    await takeOver();
    gate.open();
    resetScript();
    await application.ended(await deliver(application, Call, { note: 'fence' }));
    expect((await application.store.history.find(superseded))?.state).not.toBe('succeeded');
    expect(await inbox(superseded)).toMatchObject({ state: 'claimed' });
  });

  it('B18: is called once although PostgreSQL was away when its outcome was to be recorded', async () => {
    const proxy = await startTcpProxy(servers.database.url);
    await application.stop();
    const cutOff = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues,
      databaseUrl: proxy.url,
    });
    script.call = ({ note }, ctx) =>
      ctx.once(async () => {
        outside(note);
        await proxy.refuse();
        setTimeout(() => void proxy.resume(), 500);
      });
    const { id } = await cutOff.tasks.enqueue(Call, { note: 'mail' });
    expect(await cutOff.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(calls).toEqual(['mail']);
    await cutOff.stop();
    await proxy.close();
    expect(await left(servers, 'outside', 'dead-letters')).toEqual([]);
  });

  it('B18: that lost PostgreSQL after its call, before it was done, follows its contract at once', async () => {
    const proxy = await startTcpProxy(servers.database.url);
    const cutOff = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues,
      databaseUrl: proxy.url,
    });
    script.book = async ({ note }, ctx) => {
      await ctx.once(async () => outside(note));
      await proxy.refuse();
      setTimeout(() => void proxy.resume(), 500);
      await ctx.enqueue(Call, { note: 'what follows' });
    };
    const { id } = await cutOff.tasks.enqueue(Book, { note: 'table' });
    expect((await cutOff.failed(id)).name).toBe('AmbiguousError');
    expect(calls).toEqual(['table']);
    expect((await takeParked(servers))[0]?.envelope).toMatchObject({ reason: 'ambiguous', taskId: id });
    await cutOff.stop();
    await proxy.close();
  });
});
