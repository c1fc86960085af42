// Runs a handler in a thread of the build, as a service does; a test starts it and reads what it writes.
import { ThreadPool } from '../../dist/isolation/thread-pool.js';

const log = { warn: console.warn, isLevelEnabled: () => false };
const context = {
  id: 'task-1',
  name: 'a.b',
  run: 1,
  attempt: 1,
  queue: 'q',
  log,
  signal: new AbortController().signal,
};
const handler = `export default async ({ n }, ctx) => ({ n: n + 1, id: ctx.id, arguments: process.execArgv });`;
const pool = new ThreadPool({ logger: log, contractOf: () => undefined });
const module = new URL(`data:text/javascript,${encodeURIComponent(handler)}`);
console.log(JSON.stringify(await pool.run({ module, payload: { n: 1 }, context, hardSeconds: 10 })));
await pool.close();
