import { taskHeaders } from '@mentorhub/task-store';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { BriefPing, Call, Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, takeParked } from '../../test/messages.js';
import { calls, outside, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '@mentorhub/task-contracts';

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

  /** As left behind by workers that died. */
  const startedBefore = (id: string, starts: number, lone = 0) =>
    servers.database.query(
      `INSERT INTO tasks.inbox (task_id, run, attempt, state, starts, lone_starts, claim_expires_at)
       VALUES ($1, 1, 1, 'claimed', $2, $3, clock_timestamp())`,
      [id, starts, lone],
    );
  const startsOf = async (id: string) =>
    (
      await servers.database.query<{ starts: number; lone: number; state: string }>(
        'SELECT starts, lone_starts AS lone, state FROM tasks.inbox WHERE task_id = $1',
        [id],
      )
    )[0];
  const manners: [string, AnyTaskContract, string][] = [
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
    ['idempotent', Ping, 'work'],
  ];
  const setScript = (work: (note: string) => Promise<void>) => {
    script.record = ({ note }) => work(note);
    script.ping = ({ note }) => work(note);
    script.call = ({ note }) => work(note);
  };
  const cameBackBefore = { headers: { [taskHeaders.redeliveries]: '1' } };

  it.each(manners)(
    'B20: of one that was parked, with %s effects, are parked again and not run',
    async (_, contract) => {
      setScript(async (note) => outside(note));
      const id = await deliver(producer, contract, { note: 'parked' }, cameBackBefore);
      await startedBefore(id, 3, 3);
      await startWorker();
      expect((await producer.failed(id)).message).toMatch(/./);
      await takeParked(servers);
      await deliver(producer, contract, { note: 'parked' }, { ...cameBackBefore, id });
      await takeParked(servers);
      expect(calls).toEqual([]);
    },
  );

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
    await startedBefore(ids[2]!, 1);
    await comeBack('work', 4);
    await startWorker();
    for (const id of ids) expect((await producer.ended(id)).state).toBe('succeeded');
    expect(beside['suspect']).toBe(0);
  });

  it.each(manners)(
    'B20: with %s effects are not blamed for starts beside others, however many of them did not end',
    async (_, contract, queue) => {
      const id = await deliver(producer, contract, { note: 'innocent' });
      await startedBefore(id, 9, 2);
      await comeBack(queue, 1);
      await startWorker();
      expect((await producer.ended(id)).state).toBe('succeeded');
    },
  );

  it.each(manners)(
    'B20: with %s effects are parked without another start after three that they ran alone',
    async (_, contract, queue) => {
      const id = await deliver(producer, contract, { note: 'guilty' });
      await startedBefore(id, 3, 3);
      await comeBack(queue, 1);
      await startWorker();
      expect((await producer.failed(id)).name).toBe('PoisonError');
      expect(calls).toEqual([]);
      expect((await takeParked(servers)).map(({ envelope }) => envelope.reason)).toEqual(['poison']);
    },
  );

  it.each(manners)(
    'B20: with %s effects are not to blame for a kill that follows on a stop of their process',
    async (_, contract, queue) => {
      const gate = new Gate();
      setScript(() => gate.pass());
      const [first, alone] = [randomUUID(), randomUUID()];
      await deliver(producer, contract, { note: '' }, { id: first });
      await comeBack(queue, 1);
      await startWorker();
      await eventually(() => gate.entered === 1);
      expect(await startsOf(first)).toMatchObject({ starts: 1, lone: 0 });
      let stopping = worker!.stop();
      await eventually(async () => (await startsOf(first))?.starts === 0);
      gate.open();
      await stopping;

      const held = new Gate();
      setScript(() => held.pass());
      await deliver(producer, contract, { note: '' }, { id: alone });
      await startedBefore(alone, 1, 2);
      await comeBack(queue, 1);
      await startWorker();
      await eventually(() => held.entered === 1);
      expect(await startsOf(alone)).toMatchObject({ lone: 3 });
      stopping = worker!.stop();
      await eventually(async () => (await startsOf(alone))?.lone === 2);
      held.open();
      await stopping;
      for (const id of [first, alone]) expect((await producer.ended(id)).state).toBe('succeeded');
    },
  );

  it('B20: and wait to run alone beside a handler that never returns go elsewhere, uncounted, and hold up nobody', async () => {
    const gate = new Gate();
    script.ping = () => gate.pass();
    await startWorker();
    const once = { [taskHeaders.retry]: '{"maxRetries":0}' };
    const hanging = await deliver(producer, BriefPing, { note: 'hangs' }, { headers: once });
    await eventually(() => gate.entered === 1);
    const suspect = randomUUID();
    await startedBefore(suspect, 1);
    await deliver(producer, Record, { note: 'suspect' }, { id: suspect, ...cameBackBefore });
    const others = await Promise.all(Array.from({ length: 10 }, () => deliver(producer, Record, { note: 'other' })));
    for (const id of others) expect((await producer.ended(id)).state).toBe('succeeded');
    expect(await startsOf(suspect)).toEqual({ starts: 1, lone: 0, state: 'claimed' });
    const another = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency } },
      project: false,
    });
    try {
      expect((await producer.ended(suspect)).state).toBe('succeeded');
      gate.open();
      expect((await producer.failed(hanging)).name).toBe('HardLimitError');
    } finally {
      await another.stop();
    }
    await takeParked(servers);
  });
});
