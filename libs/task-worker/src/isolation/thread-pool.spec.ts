import { createLogger, withLogFields } from '@mentorhub/service';
import { eventually } from '@mentorhub/testing';
import { actModule } from '../../test/thread-handlers.js';
import type { CallContext } from './conversation.js';
import { HardLimitError } from '@mentorhub/task-contracts';
import { ThreadEndedError, ThreadPoolClosedError } from './thread-errors.js';
import type { ThreadOptions } from './thread-options.js';
import { ThreadPool } from './thread-pool.js';

type Acted = { thread: number; said?: string };

describe('A pool of threads', () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger('test', { LOG_LEVEL: 'info', LOG_PRETTY: false }, { write });
  let pool: ThreadPool;
  const open = (options: ThreadOptions) => (pool = new ThreadPool({ ...options, logger, contractOf: () => undefined }));

  beforeEach(() => open({ maxThreads: 2 }));
  afterEach(async () => {
    await pool.close(0);
    lines.length = 0;
  });

  const task = { id: 'task-1', name: 'isolated.act', run: 1, attempt: 2, queue: 'isolated' };
  const contextWith = (signal: AbortSignal): CallContext => ({
    ...task,
    signal,
    log: logger,
    progress: () => undefined,
    enqueue: () => Promise.reject(new Error('not here')),
  });
  const act = (name: string, { amount = 0, hardSeconds = 60, signal = new AbortController().signal } = {}) =>
    pool.run({
      module: actModule,
      payload: { act: name, amount },
      context: contextWith(signal),
      hardSeconds,
    }) as Promise<Acted>;

  /** On a busy machine a thread may take longer to start than a short limit, which then ends what is in no thread yet. */
  const untilThreadsAreThere = (count: number) => Promise.all(Array.from({ length: count }, () => act('return')));

  it('has no thread until there is something to run, and none after a while without', async () => {
    await pool.close();
    open({ idleSeconds: 0.05 });
    expect(pool.threadCount).toBe(0);
    await act('return');
    expect(pool.threadCount).toBe(1);
    await eventually(() => pool.threadCount === 0);
  });

  it('tells the handler what it runs, and keeps the thread for the next task', async () => {
    const first = await act('describe');
    expect(first.said).toBe('task-1 isolated.act 1 2 isolated');
    expect((await act('describe')).thread).toBe(first.thread);
  });

  it('B15: ends a thread in an endless loop at the hard limit, while others go on', async () => {
    await untilThreadsAreThere(2);
    const looping = act('loop', { hardSeconds: 5 });
    const failed = expect(looping).rejects.toMatchObject({
      name: 'HardLimitError',
      message: "The task's hard time limit of 5 s is reached; its thread was ended.",
    });
    const other = await act('return');
    expect((await act('return')).thread).toBe(other.thread);
    await failed;
    const both = await Promise.all([act('return'), act('return')]);
    expect(new Set(both.map(({ thread }) => thread)).size).toBe(2);
  });

  it('B15: ends a thread that waits for ever at the hard limit', async () => {
    await untilThreadsAreThere(1);
    await expect(act('never', { hardSeconds: 1 })).rejects.toBeInstanceOf(HardLimitError);
    await eventually(() => pool.threadCount === 0, { what: 'the thread to end' });
  });

  it('B15: fires the signal in the thread at the soft limit, and the handler may clean up', async () => {
    const soft = new AbortController();
    const cleaning = act('cleanUp', { signal: soft.signal });
    soft.abort(new DOMException('Time is up.', 'TimeoutError'));
    expect((await cleaning).said).toBe('TimeoutError: Time is up.');
  });

  it('B26: replaces a thread after so many tasks', async () => {
    await pool.close();
    open({ maxThreads: 1, maxTasksPerThread: 3 });
    const acted = [];
    for (let n = 0; n < 7; n += 1) acted.push(await act('count'));
    expect(acted.map(({ said }) => said)).toEqual(['1', '2', '3', '1', '2', '3', '1']);
    expect(new Set(acted.map(({ thread }) => thread)).size).toBe(3);
  });

  it('B26: replaces a thread that holds too much memory, once its task has ended', async () => {
    await pool.close();
    open({ maxThreads: 1, maxThreadMiB: 64 });
    const acted = [];
    for (const amount of [20, 60, 0, 0]) acted.push((await act('keep', { amount })).thread);
    const [first, second, third, fourth] = acted;
    expect(second).toBe(first);
    expect(third).not.toBe(second);
    expect(fourth).toBe(third);
  });

  it.each([
    ['fills its heap', 'fillHeap', 'it needed more than 32 MiB of heap.'],
    ['exits', 'exit', 'worker exited with code: 3'],
    ['throws where nothing catches it', 'breakLater', 'nobody catches this'],
  ])('fails only the attempt of a handler that %s', async (_, name, why) => {
    await pool.close();
    open({ maxThreads: 2, maxHeapMiB: 32 });
    const other = await act('return');
    const cleaning = new AbortController();
    const beside = act('cleanUp', { signal: cleaning.signal });
    const error = await act(name).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ThreadEndedError);
    expect((error as Error).message).toBe(`The task's thread ended before its handler did: ${why}`);
    cleaning.abort();
    expect((await beside).thread).toBe(other.thread);
    await act('return');
  });

  it('throws what the handler threw: name, message, stack, primitive fields and cause', async () => {
    const error = (await act('fail').catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'CardDeclined', message: 'The bank said no.', retryable: false });
    expect(error.stack).toContain('threads/act.ts');
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'no funds' });
    expect(error).not.toHaveProperty('card');
    await expect(act('failOddly')).rejects.toEqual({ code: 7 });
  });

  it('fails an attempt whose module or result is not what it has to be', async () => {
    const module = new URL('./nowhere.ts', actModule);
    const context = contextWith(new AbortController().signal);
    await expect(pool.run({ module, payload: {}, context, hardSeconds: 60 })).rejects.toThrow('Cannot find module');
    const empty = new URL('data:text/javascript,export const run = 1;');
    await expect(pool.run({ module: empty, payload: {}, context, hardSeconds: 60 })).rejects.toThrow('default export');
    await expect(act('returnFunction')).rejects.toMatchObject({ name: 'DataCloneError' });
  });

  it('writes the lines of a thread in the main thread, with the fields of their task', async () => {
    await withLogFields({ task_id: 'task-1' }, () => act('log'));
    expect(lines).toMatchObject([
      { level: 'info', task_id: 'task-1', service: 'test', step: 2, token: '[redacted]', msg: 'half done' },
      { level: 'error', task_id: 'task-1', err: { type: 'CardDeclined', message: 'no' }, msg: 'it broke' },
      { level: 'warn', task_id: 'task-1', err: { type: 'CardDeclined', message: 'only an error' } },
    ]);
  });

  it('waits for what runs when it closes, turns others away, and ends what outlasts the deadline', async () => {
    const soft = new AbortController();
    const cleaning = act('cleanUp', { signal: soft.signal });
    const closing = pool.close(60);
    soft.abort(new DOMException('Stop.', 'AbortError'));
    await closing;
    expect((await cleaning).said).toBe('AbortError: Stop.');
    await expect(pool.slots.take()).rejects.toBeInstanceOf(ThreadPoolClosedError);

    open({});
    const failed = expect(act('loop')).rejects.toBeInstanceOf(ThreadEndedError);
    await eventually(() => pool.threadCount === 1);
    await pool.close(0.2);
    await failed;
    expect(pool.threadCount).toBe(0);
  });
});
