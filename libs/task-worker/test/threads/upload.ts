import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ThreadHandler } from '../../src/index.js';
import type { Ping, Upload } from '../example-tasks.js';

/** The outside world is a file. Other files say when to call, and how long the call lasts. */
export default (async ({ to, after, until, heedful, then }, ctx) => {
  ctx.signal.addEventListener('abort', () => appendFileSync(to, 'heard the signal\n'));
  while (after !== undefined && !existsSync(after)) await delay(10);
  const call = ctx.once(async () => {
    appendFileSync(to, `${ctx.id}\n`);
    while (until !== undefined && !existsSync(until)) {
      if (heedful) ctx.signal.throwIfAborted();
      await delay(10);
    }
  });
  await (heedful ? call.catch(() => undefined) : call);
  if (then === 'exit') process.exit(3); // ends its thread, as a fault of a native module would
  while (then === 'hang') await delay(10);
  // A module of an app imports the contract; this one imports nothing relative but types.
  await ctx.enqueue({ name: 'light.ping' } as typeof Ping, { note: `uploaded by ${ctx.id}` });
}) satisfies ThreadHandler<typeof Upload>;
