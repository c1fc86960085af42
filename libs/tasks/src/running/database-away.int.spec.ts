import { jest } from '@jest/globals';
import { eventually } from '@mentorhub/testing';
import { Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { DatabaseContext } from '../server/context.js';

jest.setTimeout(90_000);

describe('A handler whose connection to PostgreSQL breaks', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 5 } },
    });
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  /** Ends the backends of this database that are in such a state; says whether there were any. */
  const terminate = async (state: string) => {
    const sql = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND ${state}`;
    return (await servers.database.query(sql)).length > 0;
  };

  const onceMore = ({ tx, id }: DatabaseContext) => write(tx, 'once more', id);

  it.each<[string, (ctx: DatabaseContext) => Promise<unknown>]>([
    ['writes once more', onceMore],
    ['only returns', async () => undefined],
    ['swallows the error', (ctx) => onceMore(ctx).catch(() => undefined)],
    ['throws an error of its own', (ctx) => onceMore(ctx).catch(() => Promise.reject(new Error('of its own')))],
  ])('B36: and then %s is run again without having spent an attempt', async (note, goOn) => {
    const gate = new Gate();
    script.record = async (payload, ctx) => {
      await write(ctx.tx, payload.note, ctx.id);
      await gate.pass();
      await goOn(ctx);
    };
    const { id } = await application.tasks.enqueue(Record, { note });
    await eventually(() => gate.entered === 1);
    await terminate(`state LIKE 'idle in transaction%'`);
    gate.open();
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    expect(gate.entered).toBe(2);
    expect((await application.ledger()).filter((line) => line === note)).toHaveLength(1);
    expect(await servers.vhost.management.getMessages('dead-letters')).toEqual([]);
  });

  it('B36: during a query is run again without having spent an attempt', async () => {
    let runs = 0;
    script.record = async (_payload, { tx }) => {
      runs += 1;
      if (runs === 1) await tx.query('SELECT pg_sleep(60)');
    };
    const { id } = await application.tasks.enqueue(Record, { note: 'asleep' });
    await eventually(() => terminate(`wait_event = 'PgSleep'`));
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    expect(runs).toBe(2);
  });

  it('takes a broken connection to somewhere else for what it is: its own failure', async () => {
    script.ping = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const { id } = await application.tasks.enqueue(Ping, { note: 'elsewhere' });
    expect((await application.failed(id)).message).toBe('connect ECONNREFUSED');
  });
});
