import { metricsText } from '@mentorhub/metrics';
import { eventually, eventuallyPasses, type TestDatabase } from '@mentorhub/testing';
import {
  addSchedule,
  applicationName,
  createSchedulerDatabase,
  Replica,
  taskOf,
  tasksIn,
  type Row,
} from '../../../test/replica.js';

let database: TestDatabase;
const replicas: Replica[] = [];

async function createReplica(): Promise<Replica> {
  const replica = await Replica.create(database);
  replicas.push(replica);
  return replica;
}
const add = (row: Row) => addSchedule(database, row);
const tasksInserted = () => tasksIn(database);
const slotsAhead = (name = 'yearly') =>
  database.query<{ ahead: boolean | null }>(
    'SELECT next_slot > clock_timestamp() AS ahead FROM scheduler.schedule WHERE name = $1',
    [name],
  );

beforeAll(async () => {
  database = await createSchedulerDatabase();
});
beforeEach(() => database.query('TRUNCATE scheduler.schedule, tasks.task'));
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.stop();
});
afterAll(() => database.remove());

describe('schedules', () => {
  it('E40: fire a slot exactly once although three replicas wait for it', async () => {
    const { id, slot } = await add({ nextSlot: `clock_timestamp() + interval '1.2 s'` });
    for (const { loop } of [await createReplica(), await createReplica(), await createReplica()]) loop.start();
    await eventually(async () => (await slotsAhead())[0]?.ahead && (await tasksInserted()).length > 0, {
      what: 'the slot',
    });
    for (const { loop } of replicas) await loop.stop();
    const tasks = await tasksInserted();
    expect(tasks.map((task) => task.id)).toEqual([taskOf({ id }, slot)]);
    expect(tasks[0]?.accepted_at.getTime()).toBeGreaterThanOrEqual(slot.getTime());
  });

  it('E40: fire a slot exactly once when thirty claims race for it', async () => {
    const schedule = await add({ nextSlot: 'clock_timestamp()' });
    const racing = [await createReplica(), await createReplica(), await createReplica()];
    await Promise.all(racing.flatMap(({ firing }) => Array.from({ length: 10 }, () => firing.fireOne(schedule.id))));
    expect(await tasksInserted()).toHaveLength(1);
  });

  it('wait for the next slot of their rule after one has fired', async () => {
    const schedule = await add({ cron: '0 3 * * *', nextSlot: 'clock_timestamp()' });
    await (await createReplica()).firing.fireOne(schedule.id);
    const [row] = await database.query<{ next: string; days: number }>(
      `SELECT to_char(next_slot AT TIME ZONE 'UTC', 'HH24:MI:SS') AS next, extract(epoch FROM next_slot - now())::float8 / 86400 AS days
       FROM scheduler.schedule`,
    );
    expect(row?.next).toBe('03:00:00');
    expect(row?.days).toBeGreaterThan(0);
    expect(row?.days).toBeLessThanOrEqual(1);
  });

  it('E41: fire once after three days of downtime, for the latest slot, and count the missed ones', async () => {
    const name = 'after-downtime';
    const schedule = await add({
      name,
      cron: '0 3 * * *',
      nextSlot: `date_trunc('day', now()) - interval '3 days' + interval '3 h'`,
    });
    (await createReplica()).loop.start();
    await eventually(async () => (await slotsAhead(name))[0]?.ahead, { what: 'the schedule to move on' });
    const [latest] = await database.query<{ slot: Date }>(
      `SELECT next_slot - interval '1 day' AS slot FROM scheduler.schedule WHERE name = $1`,
      [name],
    );
    expect((await tasksInserted()).map(({ id }) => id)).toEqual([taskOf(schedule, latest!.slot)]);
    const missed = /schedule_missed_total\{schedule="after-downtime"\} (\d+)/.exec((await metricsText()).body);
    expect(Number(missed?.[1])).toBe(Math.round((latest!.slot.getTime() - schedule.slot.getTime()) / 86_400_000));
  });

  it('fire later, once, when a replica dies between its claim and its commit', async () => {
    const schedule = await add({ nextSlot: 'clock_timestamp()' });
    const [dying, other] = [await createReplica(), await createReplica()];
    const gate = other.dataSource.createQueryRunner();
    await gate.startTransaction();
    await gate.query('LOCK TABLE tasks.task IN SHARE MODE');
    const fate = expect(dying.firing.fireOne(schedule.id)).rejects.toThrow(/terminat/);
    await eventually(killBackendThatInsertsATask, { what: 'the claim to reach its insert' });
    await fate;
    await gate.rollbackTransaction();
    await gate.release();
    expect(await tasksInserted()).toHaveLength(0);
    other.loop.start();
    await eventually(async () => (await tasksInserted()).length, { what: 'the other replica to fire' });
    await dying.firing.fireOne(schedule.id);
    expect(await tasksInserted()).toHaveLength(1);
  });

  it('are skipped, not waited for, while another replica holds them', async () => {
    const schedule = await add({ nextSlot: 'clock_timestamp()' });
    const replica = await createReplica();
    const holder = replica.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM scheduler.schedule FOR UPDATE');
    await replica.firing.fireOne(schedule.id);
    expect(await tasksInserted()).toHaveLength(0);
    await holder.rollbackTransaction();
    await holder.release();
  });

  it('go on with the others when one names an unknown task, has a payload that does not fit, or a rule that cannot be read', async () => {
    const nextSlot = `clock_timestamp() - interval '1 s'`;
    await add({ name: 'unknown', task: 'accounts.no-such-task', nextSlot });
    await add({ name: 'misfit', payload: { surprise: true }, nextSlot });
    await add({ name: 'no-payload', payload: null, nextSlot });
    await add({ name: 'unreadable', cron: 'now and then', nextSlot });
    await add({ name: 'sound', nextSlot: 'clock_timestamp()' });
    (await createReplica()).loop.start();
    await eventually(async () => (await tasksInserted()).length, { what: 'the sound schedule to fire' });
    const body = (await metricsText()).body;
    expect(body).toContain('schedule_fired_total{schedule="sound"} 1');
    for (const name of ['unknown', 'misfit', 'no-payload', 'unreadable']) {
      expect(body).toContain(`schedule_missed_total{schedule="${name}"} 1`);
      expect(body).toContain(`schedule_fired_total{schedule="${name}"} 0`);
    }
    expect(await slotsAhead('misfit')).toEqual([{ ahead: true }]);
    expect(await slotsAhead('unreadable')).toEqual([{ ahead: null }]);
  });

  it('do not fire while disabled', async () => {
    const schedule = await add({ enabled: false, nextSlot: 'clock_timestamp()' });
    await (await createReplica()).firing.fireOne(schedule.id);
    expect(await tasksInserted()).toHaveLength(0);
  });

  it('fire again after PostgreSQL ended every connection', async () => {
    const { loop } = await createReplica();
    loop.start();
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${applicationName}'`,
    );
    await add({ nextSlot: 'clock_timestamp()' });
    await eventuallyPasses(async () => expect(await tasksInserted()).toHaveLength(1));
  });
});

async function killBackendThatInsertsATask(): Promise<boolean> {
  const killed = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO tasks.task %'`,
  );
  return killed.length > 0;
}
