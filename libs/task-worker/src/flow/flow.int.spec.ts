import { taskMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { ByKey, Call, Limited, Ping, Rare, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('Flow over all replicas', () => {
  let servers: Servers;
  const workers: TaskApplication[] = [];
  const start = async (worker: string, concurrency = 4) => {
    const options = { controllers: [ScriptedController], queues: { work: { concurrency } }, worker };
    const application = await TaskApplication.start(servers, { ...options, project: workers.length === 0 });
    workers.push(application);
    return application;
  };

  beforeEach(async () => {
    servers = await createServers();
  });

  afterEach(async () => {
    resetScript();
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await servers?.remove();
  });

  it('B24: a rate limit holds across three replicas, and nothing of the rate is lost while work waits', async () => {
    const starts: number[] = [];
    script.ping = async () => void starts.push(performance.now());
    const [first] = await Promise.all(['first', 'second', 'third'].map((worker) => start(worker)));
    const requests = Array.from({ length: 60 }, () => ({ contract: Limited, payload: { note: 'limited' } }));
    const begun = performance.now();
    await first!.tasks.enqueueMany(requests);
    await eventually(() => starts.length === 60);
    starts.sort((a, b) => a - b);
    // 20 a second, none early. A machine that stalls is late with some and does them together, so their distances say nothing.
    starts.forEach((start, n) => expect(start - begun).toBeGreaterThanOrEqual(n * 50));
  });

  it('B24: a limited task does not hold up the others of its queue, and its wait is no attempt', async () => {
    script.ping = async ({ note }) => outside(note);
    const worker = await start('first', 1);
    const rare = await Promise.all([1, 2].map(() => worker.tasks.enqueue(Rare, { note: 'rare' }, { tracked: true })));
    const quick = await worker.tasks.enqueue(Ping, { note: 'quick' }, { tracked: true });
    await worker.ended(quick.id);
    const ended = await Promise.all(rare.map(({ id }) => worker.ended(id)));
    expect(ended.map(({ state, attempt }) => [state, attempt])).toEqual(Array(2).fill(['succeeded', 1]));
    expect(calls.indexOf('quick')).toBeLessThan(calls.lastIndexOf('rare'));
  });

  it('B24: even a hundred limited tasks do not hold up those behind them', async () => {
    script.ping = async ({ note }) => outside(note);
    const worker = await start('first', 1);
    await worker.tasks.enqueueMany(Array.from({ length: 100 }, () => ({ contract: Rare, payload: { note: 'rare' } })));
    await eventually(() => calls.length > 0);
    const quick = await worker.tasks.enqueue(Ping, { note: 'quick' }, { tracked: true });
    await worker.ended(quick.id);
    // All of them would take five minutes; those that wait longer than ten seconds are sent to the delay ladder.
    expect(calls.length).toBeLessThan(100);
  });

  it('C30, B14: does not start what was revoked or has expired while it waited for its turn', async () => {
    script.ping = async ({ note }) => outside(note);
    const worker = await start('first');
    const enqueue = (note: string, expires?: Date) => worker.tasks.enqueue(Rare, { note }, { tracked: true, expires });
    // Their turns come after 0, 3 and 6 s.
    const first = await enqueue('first');
    await worker.ended(first.id);
    const revoked = await enqueue('revoked');
    const waiting = () => counted(taskMetrics.inflight, { task: Rare.name });
    await eventually(async () => (await waiting()) === 1);
    const expired = await enqueue('expired', new Date(Date.now() + 1_000));
    await eventually(async () => (await waiting()) === 2);
    await worker.tasks.revoke(revoked.id, { terminate: true });
    expect((await worker.ended(revoked.id)).state).toBe('revoked');
    expect((await worker.ended(expired.id)).state).toBe('expired');
    expect(calls).toEqual(['first']);
  });

  it('hands back, unrun, what waits for its turn when the worker stops', async () => {
    script.ping = async ({ note }) => outside(note);
    const worker = await start('first');
    await Promise.all([1, 2, 3].map(() => worker.tasks.enqueue(Rare, { note: 'rare' }, { tracked: true })));
    await eventually(() => calls.length === 1);
    await workers.pop()!.stop();
    expect(await left(servers, 'work')).toHaveLength(2);
  });

  it('never runs more of one key at once than its limit, over three replicas, and other keys meanwhile', async () => {
    const running = new Map<string, number>();
    let most = 0;
    const entered = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
    script.record = async ({ note }) => {
      running.set(note, (running.get(note) ?? 0) + 1);
      most = Math.max(most, running.get(note)!);
      entered[note as 'a'].resolve();
      await entered[note === 'a' ? 'b' : 'a'].promise;
      await new Promise((resolve) => setTimeout(resolve, 30));
      running.set(note, running.get(note)! - 1);
      outside(note);
    };
    const [first] = await Promise.all(['first', 'second', 'third'].map((worker) => start(worker)));
    const keys = ['a', 'b'];
    const requests = Array.from({ length: 30 }, (_, n) => ({ contract: ByKey, payload: { note: keys[n % 2]! } }));
    await first!.tasks.enqueueMany(requests);
    await eventually(() => calls.length === 30);
    expect(most).toBe(1);
    // A slot is given back after its task has ended.
    const slots = () => servers.database.query('SELECT * FROM tasks.concurrency_slot');
    await eventually(async () => (await slots()).length === 0, { what: 'all slots to be given back' });
  });

  it('lets others of the queue go by while a key is busy', async () => {
    const gate = new Gate();
    script.record = async ({ note }) => {
      if (note === 'busy') await gate.pass();
      outside(note);
    };
    const worker = await start('first', 2);
    const busy = [1, 2, 3].map(() => worker.tasks.enqueue(ByKey, { note: 'busy' }));
    await Promise.all(busy);
    await eventually(() => gate.entered === 1);
    await worker.tasks.enqueue(Record, { note: 'goes by' });
    await eventually(() => calls.includes('goes by'));
    expect(gate.entered).toBe(1);
    gate.open();
    await eventually(() => calls.length === 4);
  });

  it('B23: slow tasks that waited in the broker are left to the replicas that have places for them', async () => {
    const gate = new Gate();
    script.record = async ({ note }) => {
      await gate.pass();
      outside(note);
    };
    const producer = await TaskApplication.start(servers, { worker: 'producer' });
    workers.push(producer);
    await producer.tasks.enqueueMany(
      Array.from({ length: 60 }, () => ({ contract: Record, payload: { note: 'slow' } })),
    );
    await servers.vhost.management.waitForQueue('work', ({ messages }) => messages === 60);
    await start('first', 2);
    await eventually(() => gate.entered === 2);
    await start('second', 2);
    await eventually(() => gate.entered === 4);
    gate.open();
    await eventually(() => calls.length === 60);
  });

  it('B25: what has a lane of its own does not wait for the rate of 10,000 others before it', async () => {
    let limited = 0;
    script.ping = async () => void (limited += 1);
    script.call = ({ note }, ctx) => ctx.once(async () => outside(note));
    const queues = { work: { concurrency: 4 }, outside: { concurrency: 4 } };
    const worker = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
    workers.push(worker);
    const thousand = Array.from({ length: 1_000 }, () => ({ contract: Limited, payload: { note: 'reminder' } }));
    for (let n = 0; n < 10; n += 1) await worker.tasks.enqueueMany(thousand);
    await eventually(() => limited > 0);
    const { id } = await worker.tasks.enqueue(Call, { note: 'password reset' });
    await worker.ended(id);
    // At 20 a second they take more than eight minutes.
    expect(limited).toBeLessThan(10_000);
  });

  it('shows what a handler says about its progress', async () => {
    const gate = new Gate();
    script.record = async (_, ctx) => {
      ctx.progress({ done: 1, of: 2 });
      ctx.progress({ done: 2, of: 2 });
      await gate.pass();
      ctx.progress('x'.repeat(5_000));
    };
    const worker = await start('first');
    const { id } = await worker.tasks.enqueue(Record, { note: 'long' });
    const progress = async () => (await worker.store.history.find(id))?.progress;
    await eventually(async () => JSON.stringify(await progress()) === '{"done":2,"of":2}');
    gate.open();
    expect((await worker.failed(id)).message).toContain('at most 4096');
    expect(await progress()).toEqual({ done: 2, of: 2 });
  });

  it.each([
    ['a function that throws', 'without a key'],
    ['a character that PostgreSQL cannot hold', 'nothing\0'],
  ])('fails a task whose key cannot be told, for %s, and goes on', async (_, note) => {
    const worker = await start('first');
    const { id } = await worker.tasks.enqueue(ByKey, { note });
    expect(await worker.failed(id)).toMatchObject({ message: 'Its concurrency key cannot be told from its payload.' });
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({ id, envelope: { reason: 'invalid-payload', taskId: id } });
    const next = await worker.tasks.enqueue(ByKey, { note: 'with a key' });
    expect((await worker.ended(next.id)).state).toBe('succeeded');
  });
});
