import { jest } from '@jest/globals';
import { taskHeaders } from '@mentorhub/task-store';
import { eventually, NodeProcess, sized } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, exchanges, Ping, Record, Recorded, topology } from '../../test/example-tasks.js';
import { deliver, peekParked, takeParkedOf } from '../../test/messages.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract } from '@mentorhub/task-contracts';

jest.setTimeout(1_200_000);

const mostDeaths = 40;
const killers = sized({ short: 1, full: 5 });
const deploys = sized({ short: 1, full: 5 });

describe('A message that kills its worker', () => {
  let servers: Servers;
  /** Enqueues and projects; runs nothing. */
  let application: TaskApplication;
  let worker: NodeProcess | undefined;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers);
  });

  beforeEach(() => servers.database.query('TRUNCATE public.ledger'));

  afterAll(async () => {
    worker?.signal('SIGKILL');
    await worker?.exited.catch(() => undefined);
    await application?.stop();
    await servers?.remove();
  });

  function start(): NodeProcess {
    const queues = { work: { concurrency: 3 }, outside: { concurrency: 3 }, listeners: { concurrency: 3 } };
    const settings = {
      databaseUrl: servers.database.url,
      amqpUrl: servers.vhost.amqpUrl,
      queues,
      contracts: { exchanges, topology },
    };
    worker = new NodeProcess('deadly-worker', ['--enable-source-maps', 'libs/task-worker/test/deadly-worker.mjs'], {
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

  const manners: [string, AnyTaskContract][] = [
    ['database', Record],
    ['external', Call],
    ['idempotent', Ping],
  ];

  /** Parked, and nothing else is. */
  const parkedAsPoison = async (ids: readonly string[]) =>
    expect(await takeParkedOf(servers, ids)).toEqual(ids.map((id) => `${id} poison`).sort());
  const untilParked = (count: number) =>
    eventually(
      async () => new Set((await peekParked(servers)).map(({ properties }) => properties.message_id)).size === count,
      { timeoutSeconds: 1_100, intervalMilliseconds: 500, what: `${count} parked messages` },
    );
  const succeeded = async (ids: readonly string[]) => {
    for (const id of ids) expect((await application.store.history.find(id))?.state).toBe('succeeded');
  };
  const innocent = (note: string) => deliver(application, Record, { note });
  const began = async () => (await application.ledger()).filter((line) => line.includes('began')).length;

  const deadly: [string, AnyTaskContract, number][] = [
    ['external', Call, 4],
    ['database', Record, 5],
    ['idempotent', Ping, 5],
  ];

  it.each(sized({ short: deadly.slice(0, 1), full: deadly }))(
    'B20: and has %s effects is parked after three starts that it ran alone, and what was prefetched beside it is not blamed',
    async (_, contract, deaths) => {
      const before = await Promise.all(['a', 'b', 'c'].map(innocent));
      const killer = await deliver(application, contract, { note: 'kill' });
      const after = await Promise.all(['d', 'e', 'f', 'g', 'h'].map(innocent));
      const ids = [...before, killer, ...after];
      expect(await deathsUntil(Promise.all(ids.map((id) => waitFor(id))))).toBe(deaths);
      expect((await application.failed(killer)).name).toBe('PoisonError');
      await parkedAsPoison([killer]);
      await succeeded([...before, ...after]);
      expect(await application.ledger()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    },
  );

  /** @returns its id. */
  async function deadlyEvent(): Promise<string> {
    const messageId = randomUUID();
    const { name } = Recorded;
    const headers = { [taskHeaders.version]: '1' };
    const body = Buffer.from('{"note":"kill"}');
    const event = { exchange: exchanges.events, routingKey: name, type: name, messageId, headers, body };
    await application.broker.publisher.publish(event);
    return messageId;
  }

  it(`B20: ${killers} tasks and an event that do so in a row park nothing else, whatever ran beside them`, async () => {
    const slow = await Promise.all(manners.map(([, contract]) => deliver(application, contract, { note: 'a while' })));
    const quick = await Promise.all(Array.from({ length: 6 }, () => innocent('quick')));
    const guilty: string[] = [];
    for (let n = 0; n < killers; n += 1) guilty.push(await deliver(application, manners[n % 3]![1], { note: 'kill' }));
    const event = await deadlyEvent();
    const ended = Promise.all([untilParked(killers + 1), ...[...slow, ...quick, ...guilty].map((id) => waitFor(id))]);
    expect(await deathsUntil(ended)).toBeGreaterThanOrEqual(3 * (killers + 1));
    await parkedAsPoison([...guilty, event]);
    await succeeded([...slow, ...quick]);
  });

  it.each(sized({ short: manners.slice(0, 1), full: manners }))(
    'B20: does not take one with %s effects along that ran beside it and whose workers were then killed otherwise',
    async (_, contract) => {
      const killer = await deliver(application, contract, { note: 'kill' });
      const id = await deliver(application, contract, { note: 'slow' });
      await deathsUntilParked(killer, id);
      for (let kills = 0; kills < 2; kills += 1) await killOnceBegun(1);
      await innocent('go');
      await deathsUntil(waitFor(id));
      await succeeded([id]);
      await parkedAsPoison([killer]);
    },
  );

  /** The same beside a slow one, which may be the first to run alone: then its worker is told to stop, which takes that start back. */
  async function deathsUntilParked(killer: string, slow: string): Promise<void> {
    const parked = waitFor(killer).then(() => 'parked' as const);
    for (let deaths = 0; deaths <= mostDeaths; deaths += 1) {
      const before = await began();
      const running = start();
      const slowBegan = eventually(async () => (await began()) > before, { timeoutSeconds: 300 }).catch(
        () => undefined,
      );
      const died = running.exited.then(() => 'died' as const);
      const first = await Promise.race([parked, died, slowBegan.then(() => 'slow' as const)]);
      if (first !== 'died') {
        running.signal('SIGTERM');
        // Either it has begun here, and its start is taken back, or it never begins here, and the worker ends by itself.
        const takenBack = async () => (await began()) > before && (await startsOnRecord('lone_starts', [slow])) === 0;
        await Promise.race([died, eventually(takenBack).catch(() => undefined)]);
      }
      running.signal('SIGKILL');
      await running.exited;
      await expireClaims();
      if (first === 'parked') return;
    }
    throw new Error(`${mostDeaths} workers died.\n${worker?.tail()}`);
  }

  const startsOnRecord = async (which: 'lone_starts' | 'starts + lone_starts', ids: readonly string[]) =>
    (
      await servers.database.query(
        `SELECT FROM tasks.inbox WHERE task_id = ANY ($1) AND state = 'claimed' AND ${which} > 0`,
        [ids],
      )
    ).length;

  /** Starts a worker and kills it when so many slow ones have begun in it. */
  async function killOnceBegun(count: number, beforeKill?: (running: NodeProcess) => Promise<unknown>): Promise<void> {
    const before = await began();
    const running = start();
    const all = async () => (await began()) >= before + count;
    await eventually(all, { what: `${count} slow ones to begin` });
    await beforeKill?.(running);
    running.signal('SIGKILL');
    await running.exited;
    await expireClaims();
  }

  it(`B22: tasks that only take long are not parked by ${deploys} deploys that kill their worker after the deadline`, async () => {
    const ids = await Promise.all(manners.map(([, contract]) => deliver(application, contract, { note: 'slow' })));
    for (let deploy = 0; deploy < deploys; deploy += 1)
      await killOnceBegun(ids.length, async (running) => {
        running.signal('SIGTERM');
        await eventually(async () => (await startsOnRecord('starts + lone_starts', ids)) === 0, {
          what: 'their starts to be taken back',
        });
      });
    await innocent('go');
    expect(await deathsUntil(Promise.all(ids.map((id) => waitFor(id))))).toBe(0);
    await succeeded(ids);
  });

  /** As long as it takes: every worker needs seconds to start on a busy machine. */
  async function waitFor(id: string): Promise<void> {
    for (;;) {
      const ended = await application.ended(id).catch(() => undefined);
      if (ended) return;
    }
  }
});
