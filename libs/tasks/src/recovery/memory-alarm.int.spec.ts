import { eventually, eventuallyPasses, PrivateBroker } from '@mentorhub/testing';
import { ends, nothingLeft, notOnce, writers } from '../../test/counts.js';
import { Call, Record } from '../../test/example-tasks.js';
import { Fleet } from '../../test/fleet.js';
import { Gate } from '../../test/gate.js';
import { calls, outside, resetScript, script, write } from '../../test/scripted-handlers.js';
import { createServers, type Servers } from '../../test/task-application.js';

const each = 100;

describe('Tasks under a memory alarm of the broker', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let fleet: Fleet;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    servers = await createServers({ broker });
    fleet = await Fleet.start(servers);
  });

  afterAll(async () => {
    resetScript();
    await fleet?.stop();
    await servers?.remove();
    await broker?.remove();
  });

  const enqueue = async (contract: typeof Record | typeof Call) => {
    const payload = { note: contract.name };
    const requests = Array.from({ length: each }, () => ({ contract, payload }));
    return (await fleet.producer.tasks.enqueueMany(requests)).map(({ id }) => id);
  };
  const inOutbox = async () => (await servers.database.query('SELECT FROM tasks.event_outbox')).length;

  it('D35: are consumed and settled through PostgreSQL, accepted all the same, and told when it is over', async () => {
    const gate = new Gate();
    script.record = async ({ note }, ctx) => {
      await gate.pass();
      await write(ctx.tx, note, ctx.id);
    };
    script.call = async (_payload, ctx) => {
      await gate.pass();
      await ctx.once(async () => outside(ctx.id));
    };
    const records = await enqueue(Record);
    const called = await enqueue(Call);
    await eventuallyPasses(async () => expect(gate.entered).toBe(20));
    const unpublished = `SELECT FROM tasks.task WHERE published_at IS NULL`;
    await eventually(async () => (await servers.database.query(unpublished)).length === 0);
    await broker.setMemoryAlarm(true);
    gate.open();
    await servers.vhost.management.waitForQueue('work', ({ messages }) => messages === 0);
    await servers.vhost.management.waitForQueue('outside', ({ messages }) => messages === 0);
    expect(notOnce(records, await writers(servers))).toEqual([]);
    expect(notOnce(called, calls)).toEqual([]);
    expect(await inOutbox()).toBeGreaterThan(0);
    records.push(...(await enqueue(Record)));
    expect(await servers.database.query(unpublished)).toHaveLength(each);
    await broker.setMemoryAlarm(false);
    expect(await ends(servers)).toEqual({ 'succeeded 1': 3 * each });
    expect(notOnce(records, await writers(servers))).toEqual([]);
    expect(notOnce(called, calls)).toEqual([]);
    await nothingLeft(servers);
  });
});
