import { once } from 'node:events';
import { inParallel, openLoop } from '../measuring/load.mjs';
import { payload, payloads } from '../measuring/payload.mjs';
import { loadSystem } from '../systems/index.mjs';

const perCall = 1000;
const widest = 1000;

const commands = {
  /** Leaves `count` tasks that are ready to run. */
  async fill(producer, { kind, count }) {
    if (producer.enqueueMany) await inBulks(count, (bulk) => producer.enqueueMany(bulk, { kind }));
    else await inParallel(count, widest, (n) => producer.enqueue(payload(n)));
    await producer.published?.();
  },
  offer: (producer, { perSecond, seconds }) =>
    openLoop({ perSecond, seconds, work: (n) => producer.enqueue(payload(n)) }),
  /** Schedules `count` tasks, evenly over `spreadMs` from `dueFrom`. */
  schedule: (producer, { count, dueFrom, spreadMs }) =>
    inBulks(
      count,
      (bulk) => producer.schedule(bulk),
      (n) => dueFrom + (n * spreadMs) / count,
    ),
};

async function inBulks(count, work, dueAt = () => 0) {
  const all = payloads(count, dueAt);
  const bulks = Math.ceil(count / perCall);
  await inParallel(bulks, 2, (n) => work(all.slice(n * perCall, (n + 1) * perCall)));
}

const { system: name, servers, command } = JSON.parse(process.argv[2]);
const system = await loadSystem(name);
const producer = await system.producer(servers);
const result = await commands[command.do](producer, command);
process.send(result ?? {});
await once(process, 'message');
await producer.close();
process.exit(0);
