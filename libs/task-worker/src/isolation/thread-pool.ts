import type { Logger } from '@mentorhub/service';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Conversation, type CallContext, type ContractOf } from './conversation.js';
import { unpackThrown, type PackedThrown } from './crossing.js';
import { HardLimitError } from '@mentorhub/task-contracts';
import { ThreadEndedError } from './thread-errors.js';
import type { Ended, LogLevel, ThreadCall } from './thread-messages.js';
import { withDefaults, type ThreadOptions } from './thread-options.js';
import { ThreadSlots } from './thread-slots.js';

export interface ThreadPoolOptions extends ThreadOptions {
  readonly logger: Logger;
  /** Finds the contract of what a handler enqueues. */
  readonly contractOf: ContractOf;
}

/** One attempt for a thread. */
export interface IsolatedCall {
  /** The module whose default export is the handler. */
  readonly module: URL;
  readonly payload: unknown;
  /** Its signal is forwarded; `once`, `enqueue` and `log` happen in this thread. */
  readonly context: CallContext;
  /** Seconds from now until the thread is ended. */
  readonly hardSeconds: number;
}

const closeWithinSeconds = 30;
const loadWithinSeconds = 60;
/** A timer with a longer time fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Runs handlers in worker threads, one attempt at a time in each.
 *
 * 1. Threads start when there is something to run, up to the most, and end when idle: a process without isolated tasks
 *    has none.
 * 2. `slots` bounds the attempts. Take one before `run`: a pool's own queue would count the wait as the attempt's time.
 * 3. `run` gives an attempt to a thread and serves its context until it ends.
 * 4. At the hard limit the thread is ended, whatever it does, and the next attempt gets a new one. So it is after the last
 *    task of a thread, or when a thread has grown too large. Other threads go on.
 * 5. `close` waits for what runs, within a deadline, and ends the threads.
 */
export class ThreadPool {
  readonly slots: ThreadSlots;
  private readonly pool: Piscina;
  private readonly running = new Set<Promise<unknown>>();
  private readonly maxHeapMiB: number;
  private readonly recycle: ThreadCall['recycle'];

  constructor(private readonly options: ThreadPoolOptions) {
    const { maxThreads, maxTasksPerThread, maxThreadMiB, maxHeapMiB, idleSeconds } = withDefaults(options);
    this.slots = new ThreadSlots(maxThreads);
    this.recycle = { tasks: maxTasksPerThread, mib: maxThreadMiB };
    this.maxHeapMiB = maxHeapMiB;
    this.pool = new Piscina({
      filename: fileURLToPath(new URL(`./thread-entry${extname(import.meta.url)}`, import.meta.url)),
      minThreads: 0,
      maxThreads,
      idleTimeout: idleSeconds * 1000,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
      // Else a thread stands still between two tasks, and with it what its modules keep open.
      atomics: 'disabled',
      // Not those of the process: its `--import` would start tracing, with an exporter, in each thread.
      execArgv: ['--enable-source-maps'],
      recordTiming: false,
    });
    this.pool.on('error', (err: unknown) => options.logger.warn({ err }, 'A thread without a task ended by an error.'));
  }

  /** Threads that are there now, idle or not. */
  get threadCount(): number {
    return this.pool.threads.length;
  }

  /**
   * What the handler returned.
   *
   * @throws {HardLimitError} the thread was ended at the hard limit.
   * @throws {ThreadEndedError} the thread died of something else.
   * @throws what the handler threw, with its name, message, stack and primitive fields, but not of its class.
   */
  run(call: IsolatedCall): Promise<unknown> {
    const running = this.attempt(call).finally(() => this.running.delete(running));
    this.running.add(running);
    return running;
  }

  /** Imports a module in a thread, as the first attempt there would. @throws what is wrong with it. */
  async load(module: URL): Promise<void> {
    const signal = AbortSignal.timeout(loadWithinSeconds * 1000);
    const fault = (await this.pool.run(module.href, { name: 'loadHandler', signal })) as PackedThrown | undefined;
    if (fault) throw unpackThrown(fault);
  }

  /** Waits for what runs, at most this many seconds, then ends all threads. Idempotent. */
  async close(withinSeconds = closeWithinSeconds): Promise<void> {
    this.slots.close();
    const timeUp = new AbortController();
    const deadline = delay(withinSeconds * 1000, undefined, { signal: timeUp.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.running), deadline]);
    timeUp.abort();
    await this.pool.destroy();
  }

  private async attempt(call: IsolatedCall): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    const conversation = new Conversation(port1, call.context, this.options.contractOf);
    const thread = new AbortController();
    const limit = hardLimit(call.hardSeconds);
    try {
      const free = this.pool.run(this.threadCall(call, port2), { transferList: [port2], signal: thread.signal });
      const heard = free.then(
        () => conversation.ended,
        (error: unknown) => this.threadDied(error as NodeJS.ErrnoException),
      );
      const ended = await Promise.race([conversation.ended, heard, limit.reached]);
      // What the handler left running may keep the thread busy, or break it; the attempt has ended all the same.
      if (!ended.recycle) await Promise.race([free, limit.reached]).catch(() => thread.abort());
      else thread.abort();
      return resultOf(ended);
    } catch (error) {
      if (error instanceof HardLimitError) thread.abort();
      throw error;
    } finally {
      limit.clear();
      conversation.close();
    }
  }

  private threadCall({ module, payload, context }: IsolatedCall, port: MessagePort): ThreadCall {
    const { id, name, run, attempt, queue, log } = context;
    return {
      module: module.href,
      payload,
      task: { id, name, run, attempt, queue },
      hasOnce: context.once !== undefined,
      levels: enabledLevels(log),
      recycle: this.recycle,
      port,
    };
  }

  private threadDied(error: NodeJS.ErrnoException): never {
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const why = outOfMemory ? `it needed more than ${this.maxHeapMiB} MiB of heap.` : error.message;
    throw new ThreadEndedError(why, error);
  }
}

const enabledLevels = (log: Logger): Record<LogLevel, boolean> => ({
  trace: log.isLevelEnabled('trace'),
  debug: log.isLevelEnabled('debug'),
  info: log.isLevelEnabled('info'),
  warn: log.isLevelEnabled('warn'),
  error: log.isLevelEnabled('error'),
  fatal: log.isLevelEnabled('fatal'),
});

function hardLimit(seconds: number): { reached: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new HardLimitError(seconds, 'its thread was ended')),
    Math.min(seconds * 1000, longestTimerMs),
  );
  return { reached: promise, clear: () => clearTimeout(timer) };
}

function resultOf({ result }: Ended): unknown {
  if ('threw' in result) throw unpackThrown(result.threw);
  return result.returned;
}
