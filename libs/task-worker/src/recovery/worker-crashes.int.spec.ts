import { jest } from '@jest/globals';
import { eventually, sized, type ServiceProcess } from '@mentorhub/testing';
import { countsOf, ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Load } from '../../test/load.js';
import { QuickCall } from '../../test/quick-call.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { startWorker } from '../../test/worker.js';

const kills = sized({ short: 2, full: 30 });
const placesForCalls = 5;

jest.setTimeout(300_000 + kills * 20_000);

describe('Worker processes that are killed under load', () => {
  let servers: Servers;
  let producer: TaskApplication;
  let workers: ServiceProcess[] = [];
  let load: Load | undefined;

  beforeAll(async () => {
    servers = await createServers();
    producer = await TaskApplication.start(servers);
    workers = await Promise.all([1, 2, 3].map(() => startWorker(servers)));
  });

  afterAll(async () => {
    await load?.stop();
    await Promise.all(workers.map((worker) => worker.kill()));
    await producer?.stop();
    await servers?.remove();
  });

  const done = async () => (await writers(servers)).length;

  it(`B20: ${kills} times by SIGKILL lose nothing, and no database effect happens twice`, async () => {
    load = new Load(producer.tasks, QuickCall);
    for (let n = 0; n < kills; n += 1) {
      await load.more(50);
      const victim = workers[n % workers.length]!;
      await victim.kill();
      const before = await done();
      await eventually(async () => (await done()) > before + 20, { what: 'the others to go on' });
      await victim.restart();
    }
    await load.stop();
    expect(await ends(servers, 240)).toEqual({ 'succeeded 1': load.all.length });
    await nothingLeft(servers); // or what comes late a second time would not be counted
    const effects = await writers(servers);
    const called = new Set(load.accepted.call);
    expect(
      notOnce(
        load.accepted.record,
        effects.filter((id) => !called.has(id)),
      ),
    ).toEqual([]);
    // The window that is ambiguous for a call: made, and not recorded when its worker died. Its contract says "again".
    const calls = countsOf(effects.filter((id) => called.has(id)));
    expect(load.accepted.call.filter((id) => !calls.has(id))).toEqual([]);
    const again = [...calls.values()].reduce((sum, times) => sum + times - 1, 0);
    expect(again).toBeLessThanOrEqual(kills * placesForCalls);
  });

  it('B22: are stopped by SIGTERM afterwards with exit code 0, and say nothing of a broker that is away', async () => {
    const codes = await Promise.all(workers.map((worker) => worker.stop()));
    expect(codes).toEqual([0, 0, 0]);
    for (const worker of workers) {
      const warnings = worker
        .output()
        .split('\n')
        .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
        // The others are about handlers: calls that were cut off, an event loop that was blocked.
        .filter((line) => /broker|RabbitMQ|connection|settled/i.test(line));
      expect(warnings).toEqual([]);
    }
  });
});
