import { eventually } from '@mentorhub/testing';
import { Call, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('A service that is stopped', () => {
  let servers: Servers;
  const running: TaskApplication[] = [];
  const queues = { work: { concurrency: 5 }, outside: { concurrency: 5 } };
  const start = async (worker: string, consumes: typeof queues | object = queues) => {
    const options = { controllers: [ScriptedController], queues: consumes as typeof queues, worker };
    const application = await TaskApplication.start(servers, options);
    running.push(application);
    return application;
  };

  beforeEach(async () => {
    resetScript();
    servers = await createServers();
  });

  afterEach(async () => {
    resetScript();
    await Promise.all(running.splice(0).map((application) => application.stop()));
    await servers?.remove();
  });

  it('B22: finishes what runs, and hands the rest back unrun', async () => {
    const gate = new Gate();
    script.call = async ({ note }, ctx) =>
      ctx.once(async () => {
        await gate.pass();
        outside(note);
      });
    const first = await start('first');
    const sent = await Promise.all(Array.from({ length: 30 }, (_, n) => deliver(first, Call, { note: `${n}` })));
    await eventually(() => gate.entered === 5);
    const stopping = first.stop();
    await servers.vhost.management.waitForQueue('outside', ({ messages_ready }) => messages_ready === 25);
    expect(gate.entered).toBe(5);
    gate.open();
    await stopping;
    expect(calls).toHaveLength(5);
    expect(await left(servers, 'outside')).toHaveLength(25);
    const second = await start('second');
    const ended = await Promise.all(sent.map((id) => second.ended(id)));
    expect(ended.filter(({ worker }) => worker === 'first')).toHaveLength(5);
    expect(new Set(calls).size).toBe(30);
    expect(calls).toHaveLength(30);
  });

  /** Calls that a process enqueued, published and did not mark: their first lease, of 5 s, still runs. */
  const leftLeased = `SELECT id FROM tasks.task WHERE name = '${Call.name}' AND published_at IS NULL AND publish_attempts = 1
    AND claimed_until BETWEEN clock_timestamp() AND accepted_at + interval '5 s'`;

  it('B22: under load loses nothing and fails nothing, through three restarts', async () => {
    const producer = await start('producer', {});
    script.record = async ({ note }, ctx) => {
      await write(ctx.tx, note, ctx.id);
      await ctx.enqueue(Call, { note });
    };
    const requests = Array.from({ length: 300 }, (_, n) => ({ contract: Record, payload: { note: `${n}` } }));
    const sent = await producer.tasks.enqueueMany(requests);
    for (const worker of ['first', 'second', 'third']) {
      const before = calls.length;
      const application = await start(worker);
      await eventually(() => calls.length > before + 20);
      await application.stop();
      expect(await servers.database.query(leftLeased)).toEqual([]);
    }
    const last = await start('last');
    const ended = await Promise.all(sent.map(({ id }) => last.ended(id)));
    expect(ended.filter(({ state }) => state !== 'succeeded')).toEqual([]);
    await eventually(() => calls.length >= 300);
    expect(await last.ledger()).toHaveLength(300);
    expect(new Set(calls).size).toBe(300);
    expect(calls).toHaveLength(300);
    // Once, unless the machine stalled for so long that the first lease ran out before the mark.
    const unmarked = `SELECT name, publish_attempts FROM tasks.task
      WHERE published_at IS NULL OR publish_attempts <> 1 AND published_at < accepted_at + interval '5 s'`;
    expect(await servers.database.query(unmarked)).toEqual([]);
    expect(await left(servers, 'dead-letters')).toEqual([]);
  });
});
