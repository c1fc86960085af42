import { jest } from '@jest/globals';
import { eventually } from '@mentorhub/testing';
import { Ping, Record } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

jest.setTimeout(60_000);

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

  const terminateTransactions = () =>
    servers.database.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );

  it.each([
    ['writes once more', true],
    ['only returns', false],
  ])('B36: and then %s is run again without having spent an attempt', async (note, writes) => {
    const gate = new Gate();
    script.record = async (payload, { tx, id }) => {
      await write(tx, payload.note, id);
      await gate.pass();
      if (writes) await write(tx, payload.note, id);
    };
    const { id } = await application.tasks.enqueue(Record, { note });
    await eventually(() => gate.entered === 1);
    await terminateTransactions();
    gate.open();
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, run: 1 });
    expect(gate.entered).toBe(2);
    expect((await application.ledger()).filter((line) => line === note)).toHaveLength(writes ? 2 : 1);
    expect(await servers.vhost.management.getMessages('dead-letters')).toEqual([]);
  });

  it('takes a broken connection to somewhere else for what it is: its own failure', async () => {
    script.ping = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const { id } = await application.tasks.enqueue(Ping, { note: 'elsewhere' });
    expect((await application.failed(id)).message).toBe('connect ECONNREFUSED');
  });
});
