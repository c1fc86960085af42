import { jest } from '@jest/globals';
import { NodeProcess } from '@mentorhub/testing';
import { Call, exchanges, Ping, Record, topology } from '../../test/example-tasks.js';
import { deliver, takeParked } from '../../test/messages.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '../define/index.js';

jest.setTimeout(240_000);

const mostDeaths = 20;

describe('A message that kills its worker', () => {
  let servers: Servers;
  /** Enqueues and projects; runs nothing. */
  let application: TaskApplication;
  let worker: NodeProcess | undefined;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers);
  });

  afterAll(async () => {
    worker?.signal('SIGKILL');
    await worker?.exited.catch(() => undefined);
    await application?.stop();
    await servers?.remove();
  });

  function start(): NodeProcess {
    const queues = { work: { concurrency: 3 }, outside: { concurrency: 3 } };
    const settings = {
      databaseUrl: servers.database.url,
      amqpUrl: servers.vhost.amqpUrl,
      queues,
      contracts: { exchanges, topology },
    };
    worker = new NodeProcess('deadly-worker', ['--enable-source-maps', 'libs/tasks/test/deadly-worker.mjs'], {
      WORKER: JSON.stringify(settings),
    });
    return worker;
  }

  /** As time would: a claim outlives its worker by the hard limit and 30 s. */
  const expireClaims = () =>
    servers.database.query(`UPDATE tasks.inbox SET claim_expires_at = clock_timestamp() WHERE state = 'claimed'`);

  /** Starts worker after worker until all these tasks have ended. @returns how many died. */
  async function deathsUntil(ended: Promise<unknown>): Promise<number> {
    for (let deaths = 0; ; deaths += 1) {
      if (deaths > mostDeaths) throw new Error(`${deaths} workers died.\n${worker?.tail()}`);
      const running = start();
      const first = await Promise.race([ended.then(() => 'ended'), running.exited.then(() => 'died')]);
      if (first === 'died') {
        await expireClaims();
        continue;
      }
      running.signal('SIGTERM');
      await running.exited;
      return deaths;
    }
  }

  it.each<[string, AnyTaskContract, number]>([
    ['database', Record, 4],
    ['external', Call, 3],
    ['idempotent', Ping, 4],
  ])(
    'B20: and has %s effects is parked as poison, and what was prefetched beside it is not blamed',
    async (_, contract, deaths) => {
      const innocent = (note: string) => deliver(application, Record, { note: `${contract.name} ${note}` });
      const before = await Promise.all(['a', 'b', 'c'].map(innocent));
      const killer = await deliver(application, contract, { note: 'kill' });
      const after = await Promise.all(['d', 'e', 'f', 'g', 'h'].map(innocent));
      const ids = [...before, killer, ...after];
      const died = await deathsUntil(Promise.all(ids.map((id) => waitFor(id))));
      expect(died).toBe(deaths);
      expect((await application.failed(killer)).name).toBe('PoisonError');
      const parked = await takeParked(servers);
      expect(parked.map(({ id, envelope }) => [id, envelope.reason])).toEqual([[killer, 'poison']]);
      for (const id of [...before, ...after])
        expect((await application.store.history.find(id))?.state).toBe('succeeded');
      const written = (await application.ledger()).filter((line) => line.startsWith(contract.name));
      expect(written).toHaveLength(8);
    },
  );

  /** As long as it takes: every worker needs seconds to start on a busy machine. */
  async function waitFor(id: string): Promise<void> {
    for (;;) {
      const ended = await application.ended(id).catch(() => undefined);
      if (ended) return;
    }
  }
});
