import { threadId } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import type { ThreadContext, ThreadHandler } from '../../src/index.js';
import type { Act } from '../example-tasks.js';

type Acted = { thread: number; said?: string };
type Context = ThreadContext<typeof Act>;

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  readonly retryable = false;
  readonly card = { number: 'secret' };
}

const kept: unknown[] = [];
let began = 0;
const busy = new Int32Array(new SharedArrayBuffer(4));

/** What a handler may do in a thread. It is loaded without a build, so it imports nothing relative but types. */
const acts: Record<string, (ctx: Context, amount: number) => unknown> = {
  return: () => undefined,
  describe: ({ id, name, run, attempt, queue }) => [id, name, run, attempt, queue].join(' '),
  /** Says how many began in this thread. */
  count: () => String((began += 1)),
  loop: () => {
    for (;;) Atomics.load(busy, 0);
  },
  compute: (_, ms) => {
    for (const end = performance.now() + ms; performance.now() < end;);
  },
  never: () => new Promise(() => undefined),
  cleanUp: async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return `${signal.reason.name}: ${signal.reason.message}`;
  },
  keep: (_, mib) => void kept.push(Buffer.alloc(mib * 2 ** 20, 1)),
  fillHeap: () => {
    for (;;) kept.push(Array.from({ length: 1000 }, () => Math.random()));
  },
  exit: () => process.exit(3),
  breakLater: async () => {
    setImmediate(() => {
      throw new RangeError('nobody catches this');
    });
    await delay(60_000);
  },
  fail: () => {
    throw new CardDeclined('The bank said no.', { cause: new TypeError('no funds') });
  },
  failOddly: () => {
    throw { code: 7 };
  },
  returnFunction: () => () => undefined,
  log: ({ log }) => {
    log.info({ step: 2, token: 'hidden' }, 'half done');
    log.error({ err: new CardDeclined('no') }, 'it broke');
    log.warn(new CardDeclined('only an error'));
    log.debug('not wanted');
  },
};

export default (async ({ act, amount }, ctx): Promise<Acted> => {
  const said = await acts[act]?.(ctx, amount);
  return { thread: threadId, ...(said !== undefined && { said: said as string }) };
}) satisfies ThreadHandler<typeof Act>;
