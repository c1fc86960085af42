import { Broker } from '@mentorhub/messaging';
import { taskMetrics } from '@mentorhub/metrics';
import { createLogger } from '@mentorhub/service';
import { eventually } from '@mentorhub/testing';
import { Controller } from '@nestjs/common';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Act, ActBriefly, ActLimited, Ping, Record, Upload, UploadBriefly } from '../../test/example-tasks.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { calls, resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { actModule, threadHandlers } from '../../test/thread-handlers.js';
import { TaskHandler, threadHandler } from '../index.js';

describe('A task that is isolated in a thread', () => {
  let servers: Servers;
  let application: TaskApplication;
  let folder: string;
  const queues = { work: { concurrency: 5 }, isolated: { concurrency: 5 } };
  const options = { controllers: [ScriptedController], queues, threadHandlers, threads: { maxThreads: 2 } };

  beforeAll(async () => {
    servers = await createServers();
    folder = mkdtempSync(join(tmpdir(), 'isolated-tasks-'));
    application = await TaskApplication.start(servers, options);
  });

  beforeEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const act = (name: string, amount = 0) => deliver(application, Act, { act: name, amount });
  const succeeded = async (id: string) => {
    const { state, result, error } = await application.ended(id);
    expect({ state, error }).toEqual({ state: 'succeeded', error: null });
    return result as { thread: number; said?: string };
  };

  /** The broker closes its connections when the process does not answer for some seconds; `losses` has a line for each. */
  async function brokerWithQuickHeartbeat(): Promise<{ broker: Broker; losses: string[] }> {
    const losses: string[] = [];
    const broker = new Broker({
      url: servers.vhost.amqpUrl,
      topology: { exchanges: [], queues: [], bindings: [] },
      topologyMode: 'verify',
      clientName: 'watchful',
      logger: createLogger('test', { LOG_LEVEL: 'warn', LOG_PRETTY: false }, { write: (line) => losses.push(line) }),
      heartbeatSeconds: 3,
      onFatal: () => undefined,
    });
    broker.start();
    await broker.untilReady();
    return { broker, losses };
  }

  it('runs in a thread with what it is to know, and its result is stored', async () => {
    const id = await act('describe');
    expect((await succeeded(id)).said).toBe(`${id} isolated.act 1 1 isolated`);
  });

  it('B15: fires its signal at the soft limit, and it may clean up', async () => {
    expect((await succeeded(await act('cleanUp'))).said).toBe(
      "TimeoutError: The task's soft time limit of 1 s is reached.",
    );
  });

  it('B15: is ended at its hard limit in an endless loop, while others run and settle and heartbeats go on', async () => {
    const { broker, losses } = await brokerWithQuickHeartbeat();
    const looping = await deliver(application, ActBriefly, { act: 'loop' });
    let over = false;
    const error = application.failed(looping).finally(() => (over = true));
    const beside: string[] = [];
    while (!over) {
      const contract = [Ping, Record, Act][beside.length % 3]!;
      const id = await deliver(application, contract, contract === Act ? { act: 'return' } : { note: 'beside' });
      beside.push((await application.ended(id)).state);
    }
    expect(beside.length).toBeGreaterThanOrEqual(3);
    expect(new Set(beside)).toEqual(new Set(['succeeded']));
    expect(await error).toMatchObject({
      name: 'HardLimitError',
      message: "The task's hard time limit of 10 s is reached; its thread was ended.",
    });
    expect((await takeParked(servers))[0]?.envelope).toMatchObject({ taskId: looping, reason: 'failed' });
    expect(losses).toEqual([]);
    await broker.close();
  });

  it('fails alone when it fills the memory of its thread', async () => {
    await application.stop();
    application = await TaskApplication.start(servers, { ...options, threads: { maxThreads: 2, maxHeapMiB: 48 } });
    const cleaning = await act('cleanUp');
    expect(await application.failed(await act('fillHeap'))).toMatchObject({
      name: 'ThreadEndedError',
      message: "The task's thread ended before its handler did: it needed more than 48 MiB of heap.",
    });
    await succeeded(cleaning);
    await succeeded(await act('return'));
    await takeParked(servers);
  });

  it('B26: gets a new thread after so many tasks', async () => {
    await application.stop();
    const threads = { maxThreads: 1, maxTasksPerThread: 2 };
    application = await TaskApplication.start(servers, { ...options, threads });
    const said = [];
    for (let n = 0; n < 5; n += 1) said.push((await succeeded(await act('count'))).said);
    expect(said).toEqual(['1', '2', '1', '2', '1']);
  });

  it('waits for a free thread before it is claimed and its time runs', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => act('cleanUp')));
    const ended = await Promise.all(ids.map((id) => application.ended(id)));
    expect(ended.map(({ state }) => state)).toEqual(Array(5).fill('succeeded'));
  });

  it('B24: waits for its rate without the thread that others need, however many of them come', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => deliver(application, ActLimited, { act: 'return' })),
    );
    const ended = await Promise.all(ids.map((id) => application.ended(id)));
    expect(ended.map(({ state }) => state)).toEqual(Array(20).fill('succeeded'));
  });

  it('says that it calls before it calls, calls once, and may enqueue', async () => {
    const [to, until] = [join(folder, 'uploaded'), join(folder, 'go on')];
    const id = await deliver(application, Upload, { to, until });
    await eventually(() => readFileSync(to, 'utf8') === `${id}\n`);
    const phase = 'SELECT state, phase FROM tasks.inbox WHERE task_id = $1';
    expect(await servers.database.query(phase, [id])).toEqual([{ state: 'claimed', phase: 'calling' }]);
    writeFileSync(until, '');
    await application.ended(id);
    expect(await servers.database.query(phase, [id])).toEqual([{ state: 'succeeded', phase: null }]);
    await deliver(application, Upload, { to, until }, { id });
    await eventually(() => calls.includes(`uploaded by ${id}`));
    await succeeded(await act('return'));
    expect(readFileSync(to, 'utf8')).toBe(`${id}\n`);
  });

  it.each([
    ['ends as revoked when its call was not answered', true, 'revoked'],
    ['succeeds all the same when its call was answered', false, 'succeeded'],
  ])('that is terminated while it calls %s', async (title, heedful, state) => {
    const [to, until] = [join(folder, title), join(folder, `${title}, go on`)];
    const id = await deliver(application, Upload, { to, until, heedful });
    await eventually(() => readFileSync(to, 'utf8') === `${id}\n`);
    await eventually(() => application.store.history.find(id), { what: 'the history to know it' });
    await application.tasks.revoke(id, { terminate: true });
    await eventually(() => readFileSync(to, 'utf8') === `${id}\nheard the signal\n`);
    if (!heedful) writeFileSync(until, '');
    expect((await application.ended(id)).state).toBe(state);
  });

  it.each([
    ['is ended at its hard limit while it calls', {}, 'ambiguous'],
    ['loses its thread after its call was answered', { then: 'exit' }, 'ambiguous'],
    ['is ended at its hard limit after its call was answered', { then: 'hang' }, 'succeeded'],
  ] as const)('B18: that %s does not call again', async (title, how, end) => {
    const [to, until] = [join(folder, title), join(folder, `${title}, go on`)];
    if ('then' in how) writeFileSync(until, '');
    const id = await deliver(application, UploadBriefly, { to, until, ...how });
    if (end === 'succeeded') expect((await application.ended(id)).state).toBe(end);
    else {
      expect((await application.failed(id)).name).toBe('AmbiguousError');
      expect((await takeParked(servers))[0]?.envelope).toMatchObject({ taskId: id, reason: end });
    }
    expect(readFileSync(to, 'utf8').match(new RegExp(id, 'g'))).toHaveLength(1);
  });

  it('does not call once another worker has taken it over', async () => {
    const [to, after] = [join(folder, 'never uploaded'), join(folder, 'call now')];
    const id = await deliver(application, Upload, { to, after });
    const claimed = `UPDATE tasks.inbox SET token = gen_random_uuid() WHERE task_id = $1 RETURNING phase`;
    await eventually(async () => (await servers.database.query(claimed, [id])).length === 1);
    writeFileSync(after, '');
    await succeeded(await act('return'));
    await application.stop();
    expect(existsSync(to)).toBe(false);
    expect(calls).toEqual([]);
    application = await TaskApplication.start(servers, options);
  });

  it('may compute for long: the event loop goes on, and only an inline handler that does so is counted', async () => {
    const blockedBy = async (task: string) => {
      const { values } = await taskMetrics.eventLoopBlocked.get();
      return values.find(({ metricName, labels }) => metricName?.endsWith('_count') && labels.task === task)?.value;
    };
    await succeeded(await act('compute', 300));
    expect(await blockedBy(Act.name)).toBe(0);
    const before = (await blockedBy(Ping.name)) ?? 0;
    script.ping = async () => {
      for (const end = performance.now() + 300; performance.now() < end;);
    };
    await application.ended(await deliver(application, Ping, { note: 'computes' }));
    await eventually(async () => ((await blockedBy(Ping.name)) ?? 0) > before);
  });

  it('B22: finishes when the service stops, and those that wait for a thread are handed back unrun', async () => {
    const until = join(folder, 'finish');
    const files = ['one', 'two', 'three'].map((name) => join(folder, name));
    const ids = await Promise.all(files.map((to) => deliver(application, Upload, { to, until })));
    await eventually(() => files.filter((file) => existsSync(file)).length === 2);
    await servers.vhost.management.waitForQueue('isolated', ({ messages_unacknowledged: held }) => held === 3);
    const stopped = application.stop();
    writeFileSync(until, '');
    await stopped;
    expect(await left(servers, 'isolated')).toHaveLength(1);
    application = await TaskApplication.start(servers, options);
    const ended = await Promise.all(ids.map((id) => application.ended(id)));
    expect(ended.map(({ state, attempt }) => [state, attempt])).toEqual(Array(3).fill(['succeeded', 1]));
    await eventually(() => ids.every((id) => calls.includes(`uploaded by ${id}`)));
    await application.stop();
    expect(await left(servers, 'work', 'isolated', 'dead-letters')).toEqual([]);
  });

  describe('has its process refuse to start', () => {
    const refused = (more: object) => expect(TaskApplication.start(servers, { ...options, ...more })).rejects;

    it('when the process consumes its queue and has no module for it', async () => {
      await refused({ threadHandlers: threadHandlers.slice(1) }).toThrow(
        '"isolated.act" runs in a thread and this process consumes its queue "isolated"; name its handler\'s module in threadHandlers.',
      );
    });

    it('when its handler is a method', async () => {
      @Controller()
      class Misplaced {
        @TaskHandler(Act)
        act() {
          return { thread: 0 };
        }
      }
      await refused({ controllers: [Misplaced] }).toThrow(
        '"isolated.act" runs in a thread, so no method can handle it',
      );
    });

    it.each([
      ['a task is inline', [...threadHandlers, threadHandler(Ping, actModule)], "does not say isolation: 'thread'"],
      ['a task is named twice', [...threadHandlers, threadHandler(Act, actModule)], 'is in threadHandlers twice'],
      [
        'there is no such file',
        [threadHandler(Act, new URL('nowhere.js', actModule))],
        'nowhere.js; there is no such file.',
      ],
    ])('when %s', async (_, handlers, sentence) => {
      await refused({ threadHandlers: handlers }).toThrow(sentence);
    });

    it.each([
      ['imports what is not there', "import './nowhere.mjs';", /Cannot find module .*nowhere\.mjs/],
      ['is no JavaScript', 'export default (', /Unexpected (token|end of input)/],
      ['throws', "throw new Error('No licence.');", /No licence\./],
      ['has no handler', 'export const run = () => {};', /has no function as its default export\./],
    ])('when its module %s', async (_, code, why) => {
      const module = join(folder, 'broken.mjs');
      writeFileSync(module, code);
      const broken = threadHandler(Act, pathToFileURL(module));
      const start = refused({ threadHandlers: [...threadHandlers.slice(1), broken] });
      await start.toMatchObject({
        name: 'HandlerConfigurationError',
        message: expect.stringMatching(/^The handler of "isolated\.act" cannot be imported from file:.*broken\.mjs: /),
        cause: { message: expect.stringMatching(why) },
      });
    });
  });
});
