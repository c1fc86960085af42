import { messagingMetrics, taskMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Record, Recorded } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeTold } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { calls, outside, resetScript, script, ScriptedController, write } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';

describe('A message that is delivered twice', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 10 }, outside: { concurrency: 10 }, listeners: { concurrency: 2 } },
      project: false,
    });
  });

  beforeEach(async () => {
    resetScript();
    await servers.database.query('TRUNCATE public.ledger');
  });

  afterEach(resetScript);

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const delayed = () => counted(messagingMetrics.sentMessages, { destination: 'delay.v1.level-02', error_type: '' });
  const moreDelayed = async (before: number, count: number) =>
    eventually(async () => (await delayed()) === before + count, { what: `${count} delayed messages` });
  const waitingBackends = () =>
    servers.database.query(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );

  it('B17: has the effects of a database task once, and its stored outcome is told again', async () => {
    const id = await deliver(application, Record, { note: 'once' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Record, { note: 'once' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(first).toMatchObject({ taskId: id, kind: 'succeeded', result: { written: 1 } });
    expect(await application.ledger()).toEqual(['once']);
  });

  it('B17: makes the call of an external task once, and its stored outcome is told again', async () => {
    const id = await deliver(application, Call, { note: 'once' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Call, { note: 'once' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(calls).toEqual(['once']);
  });

  it.each([
    ['database', Record],
    ['external', Call],
  ])('B14: after its expiry, with %s effects, is told as it ended and not as expired', async (_, contract) => {
    const id = await deliver(application, contract, { note: 'in time' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, contract, { note: 'in time' }, { id, expiresAt: new Date(Date.now() - 1_000) });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect([...calls, ...(await application.ledger())]).toEqual(['in time']);
  });

  it('B17: tells a stored failure again instead of trying again', async () => {
    let runs = 0;
    script.record = async () => {
      runs += 1;
      throw new Error('no');
    };
    const id = await deliver(application, Record, { note: 'fails' });
    const [first] = await takeTold(servers, 1);
    await deliver(application, Record, { note: 'fails' }, { id });
    expect(await takeTold(servers, 1)).toEqual([first]);
    expect(runs).toBe(1);
  });

  it('knows a task by its id however that is written', async () => {
    const id = randomUUID();
    await deliver(application, Call, { note: 'case' }, { id });
    await takeTold(servers, 1);
    await deliver(application, Call, { note: 'case' }, { id: id.toUpperCase() });
    expect((await takeTold(servers, 1))[0]?.taskId).toBe(id);
    expect(calls).toEqual(['case']);
  });

  it.each(['database', 'external'])(
    'B17: joins the one that this process runs, without a connection, for %s effects',
    async (effects) => {
      const gate = new Gate();
      script.record = async ({ note }, { tx, id }) => {
        await write(tx, note, id);
        await gate.pass();
      };
      script.call = ({ note }, ctx) => ctx.once(() => gate.pass().then(() => outside(note)));
      const contract = effects === 'database' ? Record : Call;
      const id = await deliver(application, contract, { note: 'slow' });
      await eventually(() => gate.entered === 1);
      const before = await delayed();
      const inFlight = () => counted(taskMetrics.inflight, { task: contract.name });
      for (let n = 0; n < 7; n += 1) await deliver(application, contract, { note: 'slow' }, { id });
      await eventually(async () => (await inFlight()) === 8);
      expect(await waitingBackends()).toEqual([]);
      gate.open();
      const told = await takeTold(servers, 8);
      expect(new Set(told.map(({ at }) => at)).size).toBe(1);
      expect(gate.entered).toBe(1);
      expect([...(await application.ledger()), ...calls]).toEqual(['slow']);
      expect(await delayed()).toBe(before);
    },
  );

  /** Another worker is in the middle of this task, with database or with external effects. */
  const elsewhere = {
    database: async (id: string) => {
      const runner = application.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
      return () => runner.rollbackTransaction().then(() => runner.release());
    },
    external: async (id: string) => {
      await servers.database.query(
        `INSERT INTO tasks.inbox (task_id, run, attempt, state, token, phase, claim_expires_at)
         VALUES ($1, 1, 1, 'claimed', gen_random_uuid(), 'calling', clock_timestamp() + interval '1 h')`,
        [id],
      );
      return () => servers.database.query('DELETE FROM tasks.inbox WHERE task_id = $1', [id]);
    },
  };

  it.each(['database', 'external'] as const)(
    'B17: is not run while another worker runs it, nor does a connection wait for that, for %s effects',
    async (effects) => {
      const contract = effects === 'database' ? Record : Call;
      const id = randomUUID();
      const end = await elsewhere[effects](id);
      const before = await delayed();
      await deliver(application, contract, { note: 'slow' }, { id });
      await moreDelayed(before, 1);
      expect(await waitingBackends()).toEqual([]);
      expect([...(await application.ledger()), ...calls]).toEqual([]);
      await end();
      await takeTold(servers, 1);
      expect([...(await application.ledger()), ...calls]).toEqual(['slow']);
    },
  );

  it.each(['database', 'external'] as const)(
    'B14: after its expiry is not told as expired while another worker runs it, for %s effects',
    async (effects) => {
      const contract = effects === 'database' ? Record : Call;
      const id = randomUUID();
      const end = await elsewhere[effects](id);
      const before = await delayed();
      await deliver(application, contract, { note: 'slow' }, { id, expiresAt: new Date(Date.now() - 1_000) });
      await moreDelayed(before, 1);
      await end();
      // The other one has decided nothing, so by now it did wait for too long.
      expect(await takeTold(servers, 1)).toMatchObject([{ taskId: id, kind: 'expired' }]);
      expect([...(await application.ledger()), ...calls]).toEqual([]);
    },
  );

  it('keeps its identity on the way through the delay', async () => {
    const id = randomUUID();
    const end = await elsewhere.database(id);
    const expiresAt = new Date(Date.now() + 3_600_000);
    await deliver(application, Record, { note: 'same' }, { id, expiresAt, headers: { 'x-user': 'kept' } });
    const [message] = await eventually(async () => {
      const found = await servers.vhost.management.getMessages('delay.v1.level-02', 1, 'ack_requeue_false');
      return found.length > 0 && found;
    });
    await end();
    expect(message?.properties).toMatchObject({
      message_id: id,
      type: Record.name,
      app_id: 'elsewhere',
      content_type: 'application/json',
      delivery_mode: 2,
      priority: 0,
    });
    expect(message?.properties.timestamp).toBeGreaterThan(0);
    expect(message?.headers).toMatchObject({
      'x-user': 'kept',
      'x-mh-run': 1,
      'x-mh-attempt': 1,
      'x-mh-expires-at': expiresAt.toISOString(),
    });
    expect(message?.json()).toEqual({ note: 'same' });
  });

  it('counts once per queue when it is a domain event', async () => {
    const message = {
      exchange: 'events',
      routingKey: Recorded.name,
      type: Recorded.name,
      body: Buffer.from('{"note":"news"}'),
    };
    const event = { ...message, messageId: randomUUID(), headers: { 'x-mh-version': '1' } };
    await application.broker.publisher.publish(event);
    await application.broker.publisher.publish(event);
    await application.broker.publisher.publish({
      ...event,
      messageId: randomUUID(),
      body: Buffer.from('{"note":"more"}'),
    });
    await eventually(async () => (await application.ledger()).includes('heard more'));
    await application.stop();
    expect(await application.ledger()).toEqual(['heard more', 'heard news']);
    expect(await left(servers, 'work', 'outside', 'listeners')).toEqual([]);
  });
});
