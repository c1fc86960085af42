import { extname } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { EnqueueOptions } from '@mentorhub/tasks';
import type { AnyTaskContract } from '@mentorhub/task-contracts';
import type { PackedThrown } from './crossing.js';
import type { Ended, FromThread, LogLevel, Question, ThreadCall, ToThread } from './thread-messages.js';

// Runs as `.js` when built and as `.ts`, types stripped by Node, in tests; a plain import can name only one of the two.
const crossing: typeof import('./crossing.js') = await import(
  new URL(`./crossing${extname(import.meta.url)}`, import.meta.url).href
);
const { packLog, packThrown, unpackThrown } = crossing;

let attempts = 0;

/**
 * The thread's side of one attempt; the pool calls it in a thread.
 *
 * 1. Imports the handler's module, once per thread.
 * 2. Runs the handler with a context whose `once`, `enqueue`, `progress` and `log` happen in the main thread.
 * 3. Says how it ended. A thread that is to be replaced then takes no other call, and the pool ends it.
 */
export default async function runInThread(call: ThreadCall): Promise<void> {
  const line = new Line(call.port);
  const result = await resultOf(call, line);
  attempts += 1;
  const recycle = attempts >= call.recycle.tasks || usedMib() > call.recycle.mib;
  line.end({ kind: 'ended', result, recycle });
  if (recycle) await new Promise(() => undefined);
}

/** Whether a module can be imported and is a handler, before there is a task for it; what is wrong with it otherwise. */
export async function loadHandler(module: string): Promise<PackedThrown | undefined> {
  try {
    await handlerIn(module);
    return undefined;
  } catch (error) {
    return packThrown(error);
  }
}

async function handlerIn(module: string): Promise<(payload: unknown, context: object) => unknown> {
  const { default: handler } = await import(module);
  if (typeof handler !== 'function') throw new TypeError(`${module} has no function as its default export.`);
  return handler;
}

async function resultOf(call: ThreadCall, line: Line): Promise<Ended['result']> {
  try {
    const handler = await handlerIn(call.module);
    return { returned: await handler(call.payload, contextOf(call, line)) };
  } catch (error) {
    return { threw: packThrown(error) };
  }
}

function contextOf({ task, hasOnce, levels }: ThreadCall, line: Line): object {
  const enqueue = ({ name }: AnyTaskContract, payload: unknown, options?: EnqueueOptions) =>
    line.ask({ about: 'enqueue', contract: name, payload, options }).answer;
  const once = async <T>(effect: () => Promise<T>): Promise<T> => {
    const { id, answer } = line.ask({ about: 'once' });
    await answer;
    let answered = false;
    try {
      const value = await effect();
      answered = true;
      return value;
    } finally {
      line.called(id, answered);
    }
  };
  const progress = (value: unknown) => line.progress(value);
  return { ...task, signal: line.signal, log: logOf(levels, line), progress, enqueue, ...(hasOnce && { once }) };
}

function logOf(levels: ThreadCall['levels'], line: Line): object {
  const write = (level: LogLevel) => (levels[level] ? line.log.bind(line, level) : () => undefined);
  return Object.fromEntries(Object.keys(levels).map((level) => [level, write(level as LogLevel)]));
}

/** What this thread holds; the process's resident memory would count its neighbours too. */
function usedMib(): number {
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  return (heap + buffers) / 2 ** 20;
}

/** The talk with the main thread about one attempt. */
class Line {
  private readonly abort = new AbortController();
  private readonly open = new Map<number, PromiseWithResolvers<never>>();
  private asked = 0;
  private readonly port: ThreadCall['port'];

  constructor(port: ThreadCall['port']) {
    this.port = port;
    port.on('message', (message: ToThread) => this.hear(message));
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  progress(value: unknown): void {
    this.say({ kind: 'progress', value });
  }

  log(level: LogLevel, ...args: unknown[]): void {
    this.say({ kind: 'log', level, args: packLog(args) });
  }

  ask(question: Question): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = (this.asked += 1);
    const waiting = Promise.withResolvers<never>();
    this.open.set(id, waiting);
    this.say({ kind: 'ask', id, question });
    return { id, answer: waiting.promise };
  }

  called(id: number, answered: boolean): void {
    this.say({ kind: 'called', id, answered });
  }

  end(ended: Ended): void {
    try {
      this.say(ended);
    } catch (error) {
      // A result that cannot be cloned; it is no JSON value either, so the contract would refuse it as well.
      this.say({ ...ended, result: { threw: packThrown(error) } });
    }
  }

  private say(message: FromThread): void {
    this.port.postMessage(message);
  }

  private hear(message: ToThread): void {
    if (message.kind === 'abort') {
      this.abort.abort(new DOMException(message.reason.message, message.reason.name));
      return;
    }
    const { id, answer } = message;
    const waiting = this.open.get(id);
    this.open.delete(id);
    if ('threw' in answer) waiting?.reject(unpackThrown(answer.threw));
    else waiting?.resolve(answer.value as never);
  }
}
