import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, exchanges, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeMessages } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { TaskContext } from '../job/context.js';

const queues = { work: { concurrency: 4 }, outside: { concurrency: 4 } };
const manners: [string, AnyTaskContract][] = [
  ['database', Record],
  ['external', Call],
  ['idempotent', Ping],
];

describe('Revoking a task', () => {
  let servers: Servers;
  /** Enqueues and projects; runs nothing. */
  let producer: TaskApplication;
  const workers: TaskApplication[] = [];

  const startWorker = async (worker = 'worker') => {
    const options = { controllers: [ScriptedController], queues, worker, project: false };
    const application = await TaskApplication.start(servers, options);
    workers.push(application);
    return application;
  };
  const stopWorkers = () => Promise.all(workers.splice(0).map((worker) => worker.stop()));

  const enqueue = async (contract: AnyTaskContract, note: string, more: object = {}) =>
    (await producer.tasks.enqueue(contract, { note }, { tracked: true, ...more })).id;
  const state = async (id: string) => (await producer.store.history.find(id))?.state;
  const published = (id: string) =>
    eventually(async () => (await producer.store.history.find(id))?.publishedAt != null, { what: 'it is published' });

  /** Handlers wait until their signal fires or the gate opens, and write or call afterwards. */
  function untilTerminated(gate: Gate): void {
    const wait = async (ctx: TaskContext) => {
      await Promise.race([gate.pass(), new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))]);
      ctx.signal.throwIfAborted();
    };
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await wait(ctx);
    };
    script.call = ({ note }, ctx) => wait(ctx).then(() => ctx.once(async () => outside(note)));
    script.ping = ({ note }, ctx) => wait(ctx).then(() => outside(note));
  }

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers);
  });

  afterEach(async () => {
    resetScript();
    await stopWorkers();
    await servers.database.query('DELETE FROM public.ledger');
  });

  afterAll(async () => {
    await stopWorkers();
    await producer?.stop();
    await servers?.remove();
  });

  it.each(manners)(
    'C30: with %s effects while it is scheduled ends it at once, and it never runs',
    async (_, contract) => {
      const id = await enqueue(contract, 'scheduled', { countdownSeconds: 0.5 });
      expect(await producer.tasks.revoke(id)).toMatchObject({ answer: 'revoked' });
      expect(await state(id)).toBe('revoked');
      await startWorker();
      const later = await enqueue(contract, 'later', { countdownSeconds: 0.8 });
      await producer.ended(later);
      expect([...calls, ...(await producer.ledger())]).toEqual(['later']);
      const timeline = await producer.store.history.timeline(id);
      expect(timeline.map(({ kind }) => kind)).toEqual(['revoked']);
    },
  );

  it.each(manners)(
    'C30: with %s effects while its message waits in the queue leaves a tombstone that every worker heeds',
    async (_, contract) => {
      const ids = await Promise.all([1, 2, 3].map(() => enqueue(contract, 'waiting')));
      await Promise.all(ids.map(published));
      const light = contract === Ping;
      for (const id of ids) expect((await producer.tasks.revoke(id)).answer).toBe(light ? 'revoking' : 'revoked');
      const behind = await enqueue(contract, 'behind');
      await Promise.all([startWorker('first'), startWorker('second'), startWorker('third')]);
      await producer.ended(behind);
      for (const id of ids) expect((await producer.ended(id)).state).toBe('revoked');
      expect([...calls, ...(await producer.ledger())]).toEqual(['behind']);
      await stopWorkers();
      expect(await left(servers, 'work', 'outside', 'dead-letters')).toEqual([]);
    },
  );

  it('C30: of a message that has no row yet is kept in mind by workers that start later', async () => {
    const id = randomUUID();
    await deliver(producer, Ping, { note: 'light' }, { id });
    expect((await producer.tasks.revoke(id)).answer).toBe('revoking');
    await startWorker();
    expect((await producer.ended(id)).state).toBe('revoked');
    expect(calls).toEqual([]);
  });

  it.each(manners.slice(0, 2))(
    'C32: with %s effects when it has ended and the history has yet to hear of it says so',
    async (_, contract) => {
      const id = await enqueue(contract, 'done');
      await published(id);
      await servers.database.query(
        `INSERT INTO tasks.inbox (task_id, run, attempt, state, outcome) VALUES ($1, 1, 1, 'succeeded', '{}')`,
        [id],
      );
      expect(await producer.tasks.revoke(id)).toMatchObject({ answer: 'ended', state: 'succeeded' });
      expect(await state(id)).toBe('queued');
      await takeMessages(servers, contract === Record ? 'work' : 'outside');
    },
  );

  it('C30: when its worker died while calling is not said to be certain', async () => {
    const id = await enqueue(Call, 'unclear');
    await published(id);
    await servers.database.query(
      `INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
       VALUES ($1, 1, 1, 'claimed', gen_random_uuid(), 'calling', clock_timestamp() - interval '1 s')`,
      [id],
    );
    expect((await producer.tasks.revoke(id)).answer).toBe('revoking');
    await startWorker();
    expect((await producer.ended(id)).state).toBe('revoked');
    expect(calls).toEqual([]);
  });

  it.each([
    ['commits', false, 'revoked'],
    ['is rolled back', true, 'scheduled'],
  ])('C30: in a transaction that %s', async (_, rolledBack, after) => {
    const id = await enqueue(Record, 'in a transaction', { countdownSeconds: 3600 });
    const revoking = producer.dataSource.transaction(async (tx) => {
      expect(await producer.tasks.revoke(id, { tx })).toMatchObject({ answer: 'revoked' });
      expect(await state(id)).toBe('scheduled');
      if (rolledBack) throw new Error('rolled back');
    });
    await revoking.catch(() => undefined);
    expect(await state(id)).toBe(after);
  });

  it('C31: in a savepoint that is rolled back cuts nothing short, although the transaction around it commits', async () => {
    const gate = new Gate();
    untilTerminated(gate);
    await startWorker();
    const [kept, cut] = [await enqueue(Record, 'kept'), await enqueue(Record, 'cut')];
    await eventually(() => gate.entered === 2);
    await producer.dataSource.transaction(async (tx) => {
      const undone = tx.transaction(async (inner) => {
        await producer.tasks.revoke(kept, { tx: inner, terminate: true });
        throw new Error('rolled back');
      });
      await undone.catch(() => undefined);
      await producer.tasks.revoke(cut, { tx, terminate: true });
    });
    // Told after the first would have been.
    expect((await producer.ended(cut)).state).toBe('revoked');
    gate.open();
    expect((await producer.ended(kept)).state).toBe('succeeded');
  });

  it('C30: while it waits for a retry ends it', async () => {
    await startWorker();
    script.record = () => Promise.reject(new Error('no'));
    const id = await enqueue(Record, 'retrying', { retry: { maxRetries: 1, delaySeconds: 0.3, jitter: 'none' } });
    await eventually(async () => (await state(id)) === 'retrying');
    expect((await producer.tasks.revoke(id)).answer).toBe('revoked');
    resetScript();
    await producer.ended(await enqueue(Record, 'later', { countdownSeconds: 0.6 }));
    expect(await state(id)).toBe('revoked');
    expect(await producer.ledger()).toEqual(['later']);
  });

  it.each(manners)(
    'C31: with %s effects and terminate while it runs fires its signal, and it ends as revoked',
    async (_, contract) => {
      const gate = new Gate();
      untilTerminated(gate);
      await startWorker();
      const id = await enqueue(contract, 'running');
      await eventually(() => gate.entered === 1);
      expect((await producer.tasks.revoke(id, { terminate: true })).answer).toBe('revoking');
      expect(await producer.ended(id)).toMatchObject({ state: 'revoked', worker: 'worker', error: null });
      expect([...calls, ...(await producer.ledger())]).toEqual([]);
      expect((await producer.tasks.revoke(id)).answer).toBe('ended');
    },
  );

  it('C31: with terminate is heard although the exchange of the broadcasts was lost, with all that was bound to it', async () => {
    const gate = new Gate();
    untilTerminated(gate);
    await startWorker();
    const id = await enqueue(Record, 'running');
    await eventually(() => gate.entered === 1);
    const { management } = servers.vhost;
    await management.deleteExchange(exchanges.control);
    await management.declareExchange(exchanges.control);
    expect((await producer.tasks.revoke(id, { terminate: true })).answer).toBe('revoking');
    expect((await producer.ended(id)).state).toBe('revoked');
  });

  it('C31: with terminate lets no call begin, although it comes while PostgreSQL is told that it would', async () => {
    const worker = await startWorker();
    let signal: AbortSignal | undefined;
    script.call = async ({ note }, ctx) => {
      ({ signal } = ctx);
      await ctx.once(async () => outside(note));
    };
    const { inbox } = worker.store;
    const startCalling = inbox.startCalling.bind(inbox);
    inbox.startCalling = async (...args: Parameters<typeof startCalling>) => {
      const told = await startCalling(...args);
      await producer.tasks.revoke(id, { terminate: true });
      await eventually(() => signal?.aborted);
      return told;
    };
    const id = await enqueue(Call, 'late');
    expect((await producer.ended(id)).state).toBe('revoked');
    expect(calls).toEqual([]);
  });

  it('C31: with terminate rolls back a handler that ignores its signal', async () => {
    const gate = new Gate();
    let signal: AbortSignal | undefined;
    script.record = async ({ note }, ctx) => {
      ({ signal } = ctx);
      await write(ctx.tx, note, ctx.id);
      await gate.pass();
    };
    await startWorker();
    const id = await enqueue(Record, 'deaf');
    await eventually(() => gate.entered === 1);
    await producer.tasks.revoke(id, { terminate: true });
    await eventually(() => signal?.aborted);
    gate.open();
    expect((await producer.ended(id)).state).toBe('revoked');
    expect(await producer.ledger()).toEqual([]);
  });

  it('C31: with terminate lets no call to the outside world begin any more', async () => {
    const gate = new Gate();
    let signal: AbortSignal | undefined;
    script.call = async ({ note }, ctx) => {
      ({ signal } = ctx);
      await gate.pass();
      await ctx.once(async () => outside(note));
    };
    await startWorker();
    const id = await enqueue(Call, 'late');
    await eventually(() => gate.entered === 1);
    await producer.tasks.revoke(id, { terminate: true });
    await eventually(() => signal?.aborted);
    gate.open();
    expect((await producer.ended(id)).state).toBe('revoked');
    expect(calls).toEqual([]);
  });

  it.each(manners)('C31: with %s effects, without terminate, lets it finish', async (_, contract) => {
    const gate = new Gate();
    untilTerminated(gate);
    await startWorker();
    const id = await enqueue(contract, 'finishing');
    await eventually(() => gate.entered === 1);
    expect((await producer.tasks.revoke(id)).answer).toBe('revoking');
    gate.open();
    expect((await producer.ended(id)).state).toBe('succeeded');
    expect([...calls, ...(await producer.ledger())]).toEqual(['finishing']);
  });

  it.each(manners.slice(0, 2))(
    'C31: with %s effects, without terminate, is not tried again when it fails',
    async (_, contract) => {
      const gate = new Gate();
      const failing = () => gate.pass().then(() => Promise.reject(new Error('no')));
      Object.assign(script, { record: failing, call: failing });
      await startWorker();
      const id = await enqueue(contract, 'failing', { retry: { maxRetries: 5, delaySeconds: 60 } });
      await eventually(() => gate.entered === 1);
      await producer.tasks.revoke(id);
      gate.open();
      expect((await producer.ended(id)).state).toBe('revoked');
    },
  );

  it('keeps a tombstone for as long as a message may be left, and then lets go of it', async () => {
    const { revocations } = producer.store;
    const id = randomUUID();
    await producer.tasks.revoke(id);
    expect(await revocations.prune(100)).toBe(0);
    await servers.database.query(`UPDATE tasks.revocation SET expires_at = clock_timestamp() WHERE task_id = $1`, [id]);
    expect(await revocations.prune(100)).toBe(1);
    expect((await revocations.live(1_000, [])).map(({ taskId }) => taskId)).not.toContain(id);
  });

  it('C32: of something finished says that it has ended, and how', async () => {
    await startWorker();
    const id = await enqueue(Record, 'done');
    await producer.ended(id);
    expect(await producer.tasks.revoke(id)).toMatchObject({ answer: 'ended', state: 'succeeded' });
  });

  it('C32: a new due time moves a scheduled task, earlier or later; a published one stays', async () => {
    const id = await enqueue(Record, 'moved', { countdownSeconds: 3600 });
    const eta = new Date(Date.now() + 86_400_000);
    expect(await producer.tasks.reschedule(id, eta)).toEqual({ answer: 'moved', state: 'scheduled', dueAt: eta });
    await startWorker();
    expect(await producer.tasks.reschedule(id, new Date(0))).toMatchObject({ answer: 'moved', state: 'queued' });
    await producer.ended(id);
    expect(await producer.ledger()).toEqual(['moved']);
    expect(await producer.tasks.reschedule(id, eta)).toEqual({ answer: 'ended', state: 'succeeded' });
    await stopWorkers();
    const waiting = await enqueue(Record, 'waiting');
    await published(waiting);
    expect(await producer.tasks.reschedule(waiting, eta)).toEqual({ answer: 'published', state: 'queued' });
    expect(await producer.tasks.reschedule(randomUUID(), eta)).toEqual({ answer: 'unknown' });
  });

  it.each([
    [10, 'published', 'its message may still arrive'],
    [21, 'moved', 'no publish takes so long'],
  ])('C32: %i s after its lease for publishing has run out it is %s, since %s', async (seconds, answer) => {
    const id = await enqueue(Record, 'unclear', { countdownSeconds: 3600 });
    await servers.database.query(
      `UPDATE tasks.task SET claimed_until = clock_timestamp() - make_interval(secs => $2) WHERE id = $1`,
      [id, seconds],
    );
    expect(await producer.tasks.reschedule(id, new Date(Date.now() + 7_200_000))).toMatchObject({ answer });
  });
});
