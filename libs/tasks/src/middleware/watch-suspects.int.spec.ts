import { eventually } from '@mentorhub/testing';
import { Call, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver } from '../../test/messages.js';
import { outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '../define/index.js';

describe('Messages that came back', () => {
  let servers: Servers;
  let producer: TaskApplication;
  let worker: TaskApplication | undefined;
  const concurrency = 4;

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers);
  });

  beforeEach(resetScript);
  afterEach(async () => {
    resetScript();
    await worker?.stop();
  });

  afterAll(async () => {
    await producer?.stop();
    await servers?.remove();
  });

  const startWorker = async () => {
    const queues = { work: { concurrency }, outside: { concurrency } };
    worker = await TaskApplication.start(servers, { controllers: [ScriptedController], queues, project: false });
  };

  /** As if connections with these messages prefetched had been lost three times. */
  async function comeBack(queue: string, count: number): Promise<void> {
    await servers.vhost.management.waitForQueue(queue, ({ messages }) => messages === count);
    for (let losses = 0; losses < 3; losses += 1) await servers.vhost.management.getMessages(queue, count);
  }

  it.each<[string, AnyTaskContract, string]>([
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
    ['idempotent', Ping, 'work'],
  ])('B20: unstarted, with %s effects, run side by side, however often it was', async (_, contract, queue) => {
    const gate = new Gate();
    script.record = () => gate.pass();
    script.ping = () => gate.pass();
    script.call = () => gate.pass();
    const ids = await Promise.all(Array.from({ length: concurrency }, () => deliver(producer, contract, { note: '' })));
    await comeBack(queue, concurrency);
    await startWorker();
    await eventually(() => gate.entered === concurrency, { what: 'all of them at once' });
    gate.open();
    for (const id of ids) expect((await producer.ended(id)).state).toBe('succeeded');
  });

  it('B20: from a start that has not ended run alone', async () => {
    let running = 0;
    const beside: { [note: string]: number } = {};
    script.record = async ({ note }) => {
      running += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      beside[note] = Math.max(beside[note] ?? 0, running - 1);
      running -= 1;
      outside(note);
    };
    const ids = await Promise.all(['a', 'b', 'suspect', 'c'].map((note) => deliver(producer, Record, { note })));
    await servers.database.query(
      `INSERT INTO tasks.inbox (task_id, run, attempt, state, starts, claim_expires_at)
       VALUES ($1, 1, 1, 'claimed', 1, clock_timestamp())`,
      [ids[2]],
    );
    await comeBack('work', 4);
    await startWorker();
    for (const id of ids) expect((await producer.ended(id)).state).toBe('succeeded');
    expect(beside['suspect']).toBe(0);
  });
});
