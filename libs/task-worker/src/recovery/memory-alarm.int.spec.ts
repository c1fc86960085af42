import { eventually, PrivateBroker } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Call, Record } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { calls, outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';
import { PermanentError } from '@mentorhub/task-contracts';

const each = 100;
/** More than there are places for at once. */
const doomed = 40;

describe('Tasks under a memory alarm of the broker', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let producer: Fleet;
  let workers: Fleet | undefined;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    servers = await createServers({ broker });
    producer = await Fleet.start(servers, []);
  });

  afterAll(async () => {
    resetScript();
    await producer?.stop();
    await workers?.stop();
    await servers?.remove();
    await broker?.remove();
  });

  const enqueue = async (contract: typeof Record | typeof Call, count = each, note: string = contract.name) => {
    const requests = Array.from({ length: count }, () => ({ contract, payload: { note } }));
    return (await producer.producer.tasks.enqueueMany(requests)).map(({ id }) => id);
  };
  const count = async (sql: string) => (await servers.database.query(sql)).length;
  const unpublished = () => count('SELECT FROM tasks.task WHERE published_at IS NULL');
  const parked = () => count('SELECT FROM tasks.dead_letter');

  it('D35: are consumed, settled and parked through PostgreSQL, accepted all the same, and told when it is over', async () => {
    script.record = async ({ note }, ctx) => {
      if (note === 'doomed') throw new PermanentError('It cannot be done.');
      await write(ctx.tx, note, ctx.id);
    };
    script.call = (_payload, ctx) => ctx.once(async () => outside(ctx.id));
    await enqueue(Record, doomed, 'doomed');
    const records = await enqueue(Record);
    const called = await enqueue(Call);
    await eventually(async () => (await unpublished()) === 0, { what: 'all to be published' });
    await broker.setMemoryAlarm(true);
    workers = await Fleet.start(servers);
    await servers.vhost.management.waitForQueue('work', ({ messages }) => messages === 0);
    await servers.vhost.management.waitForQueue('outside', ({ messages }) => messages === 0);
    expect(notOnce(records, await writers(servers))).toEqual([]);
    expect(notOnce(called, calls)).toEqual([]);
    expect(await count('SELECT FROM tasks.event_outbox')).toBeGreaterThan(0);
    expect(await parked()).toBe(doomed);
    records.push(...(await enqueue(Record)));
    expect(await unpublished()).toBe(each);
    await broker.setMemoryAlarm(false);
    expect(await ends(servers)).toEqual({ 'succeeded 1': 3 * each, 'failed 1 It cannot be done.': doomed });
    expect(notOnce(records, await writers(servers))).toEqual([]);
    expect(notOnce(called, calls)).toEqual([]);
    // What was on the socket as the alarm came is taken after it: those letters are told twice, and kept once.
    const { management } = servers.vhost;
    const late = await management.getMessages('dead-letters', doomed, 'ack_requeue_false');
    const letters = await servers.database.query<{ id: string }>('SELECT task_id AS id FROM tasks.dead_letter');
    expect(letters).toHaveLength(doomed);
    expect(letters.map(({ id }) => id)).toEqual(
      expect.arrayContaining(late.map(({ properties }) => properties.message_id)),
    );
    await nothingLeft(servers);
  });
});
