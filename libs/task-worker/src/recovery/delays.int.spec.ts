import { jest } from '@jest/globals';
import { eventually, PrivateBroker, PrivateDatabaseServer, sized, type ServiceProcess } from '@mentorhub/testing';
import { readFile } from 'node:fs/promises';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Record } from '../../test/example-tasks.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { startWorker } from '../../test/worker.js';

const count = sized({ short: 500, full: 100_000 });
const groupSize = 1_000;
const allRestarts = sized({ short: 1, full: 2 });
const kills = sized({ short: 2, full: 4 });
/** What a process that holds nothing may differ by, from one start to the next and from one minute to the next. */
const flatMebibytes = 30;
/** What it may need on top while everything runs at once (260 measured): what is read and prefetched is bounded. */
const runningMebibytes = 500;

jest.setTimeout(300_000 + count * 30); // also where four such cases share two slow processors

const inAnHour = () => new Date(Date.now() + 3_600_000);

describe(`${count} delayed tasks`, () => {
  let servers: Servers;
  let producer: TaskApplication;
  let workers: ServiceProcess[] = [];

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers);
    workers = await Promise.all([1, 2].map(() => startWorker(servers)));
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await producer?.stop();
    await servers?.remove();
  });

  async function enqueueAll(): Promise<string[]> {
    const ids: string[] = [];
    while (ids.length < count) {
      const requests = Array.from({ length: Math.min(groupSize, count - ids.length) }, () => ({
        contract: Record,
        payload: { note: 'delayed' },
        options: { eta: inAnHour() },
      }));
      ids.push(...(await producer.tasks.enqueueMany(requests)).map(({ id }) => id));
    }
    return ids;
  }

  const done = async () => (await writers(servers)).length;
  const published = async () =>
    (await servers.database.query('SELECT FROM tasks.task WHERE published_at IS NOT NULL')).length;

  it('C28: cost waiting workers no memory, and each runs once though workers are killed in between', async () => {
    const [stays, victim] = workers as [ServiceProcess, ServiceProcess];
    const before = [await mebibytes(stays, 'VmRSS'), await mebibytes(victim, 'VmRSS')];
    const ids = await enqueueAll();
    await victim.kill();
    await victim.restart();
    const waiting = [await mebibytes(stays, 'VmRSS'), await mebibytes(victim, 'VmRSS')];
    expect(await done()).toBe(0);
    expect(await published()).toBe(0);

    // The hour passes for all of them within five seconds.
    await servers.database.query(
      `UPDATE tasks.task SET due_at = clock_timestamp() + make_interval(secs => 5 * random())`,
    );
    for (let n = 1; n <= kills; n += 1) {
      const wanted = Math.floor((count * n) / (kills + 1));
      await eventually(async () => (await done()) >= wanted, {
        timeoutSeconds: 300,
        what: `${wanted} tasks to be done`,
      });
      await victim.kill();
      await victim.restart();
    }
    expect(await ends(servers, 300)).toEqual({ 'succeeded 1': count });
    await nothingLeft(servers); // or what comes late a second time would not be counted
    expect(notOnce(ids, await writers(servers))).toEqual([]);

    const most = await mebibytes(stays, 'VmHWM');
    process.stdout.write(`${count} delayed tasks, MiB of two workers: ${JSON.stringify({ before, waiting, most })}\n`);
    waiting.forEach((memory, n) => expect(memory - before[n]!).toBeLessThan(flatMebibytes));
    expect(most - before[0]!).toBeLessThan(runningMebibytes);
  });
});

describe('A due time months ahead', () => {
  let broker: PrivateBroker;
  let databaseServer: PrivateDatabaseServer;
  let servers: Servers;
  let producer: TaskApplication;
  let worker: ServiceProcess;

  beforeAll(async () => {
    [broker, databaseServer] = await Promise.all([PrivateBroker.create(), PrivateDatabaseServer.create()]);
    servers = await createServers({ broker, databaseServer });
    producer = await TaskApplication.start(servers);
    worker = await startWorker(servers);
    await broker.writeQueueDirectory();
  });

  afterAll(async () => {
    await worker?.kill();
    await producer?.stop();
    await Promise.all([broker?.remove(), databaseServer?.remove()]);
  });

  async function restartEverything(): Promise<void> {
    await Promise.all([producer.stop(), worker.stop()]);
    await Promise.all([broker.stop(), databaseServer.stop()]);
    await Promise.all([broker.start(), databaseServer.start()]);
    producer = await TaskApplication.start(servers);
    await worker.restart();
  }

  it('C29: survives restarts of everything, is told by the task, and can be brought forward', async () => {
    const eta = new Date(Date.now() + 200 * 86_400_000);
    const { id } = await producer.tasks.enqueue(Record, { note: 'in months' }, { eta });
    for (let n = 0; n < allRestarts; n += 1) {
      await restartEverything();
      expect(await producer.store.history.find(id)).toMatchObject({ state: 'scheduled', dueAt: eta });
    }
    await producer.tasks.reschedule(id, new Date());
    expect(await ends(servers)).toEqual({ 'succeeded 1': 1 });
    expect(await writers(servers)).toEqual([id]);
  });
});

/** Of a process, by the kernel's account: `VmRSS` what it holds now, `VmHWM` the most that it ever held. */
async function mebibytes({ pid }: ServiceProcess, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (!kibibytes) throw new Error(`/proc/${pid}/status has no ${field}.`);
  return Math.round(Number(kibibytes) / 1024);
}
