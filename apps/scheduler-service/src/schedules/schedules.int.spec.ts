import { CleanupExpiredTokens, catalogue, exchanges } from '@mentorhub/contracts';
import { PublishError, type MessagePublisher } from '@mentorhub/messaging';
import { metricsText } from '@mentorhub/metrics';
import { connectDatabase, createLogger, databaseOptions } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { PayloadCipher, Tasks } from '@mentorhub/tasks/client';
import { createDatabase, eventually, eventuallyPasses, type TestDatabase } from '@mentorhub/testing';
import type { DataSource } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { migrateDatabase } from '../database/migrate-database.js';
import { ScheduleFiring } from './schedule-firing.js';
import { ScheduleLoop } from './schedule-loop.js';
import { ScheduleStore } from './schedule-store.js';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_PRETTY: false });
const cipher = new PayloadCipher({ activeId: 'a', keys: new Map([['a', Buffer.alloc(32, 1)]]) });
/** A schedule only has to bring its task into the database: the broker may be away. */
const brokerAway: MessagePublisher = {
  ready: false,
  publish: () => Promise.reject(new PublishError('disconnected', 'The broker is away.')),
};

let database: TestDatabase;
const replicas: Replica[] = [];

/** One scheduler process as far as schedules go: a pool and a loop of its own. */
interface Replica {
  readonly loop: ScheduleLoop;
  readonly firing: ScheduleFiring;
  readonly dataSource: DataSource;
}

async function createReplica(): Promise<Replica> {
  const options = databaseOptions({ url: database.url, applicationName: 'scheduler under test', poolSize: 3 }, logger);
  const dataSource = await connectDatabase(options, { logger });
  const store = new TaskStore({
    dataSource,
    publisher: brokerAway,
    taskExchange: exchanges.tasks,
    producer: 'test',
    logger,
  });
  const tasks = new Tasks({ catalogue, store, publisher: brokerAway, cipher, exchanges, producer: 'test' });
  const schedules = new ScheduleStore(dataSource);
  const firing = new ScheduleFiring(dataSource, schedules, tasks, logger);
  const replica = { loop: new ScheduleLoop(schedules, firing, logger), firing, dataSource };
  replicas.push(replica);
  return replica;
}

interface Row {
  readonly name?: string;
  readonly task?: string;
  readonly payload?: unknown;
  readonly cron?: string;
  readonly enabled?: boolean;
  /** An SQL expression. */
  readonly nextSlot: string;
}

/** Yearly unless said otherwise, so that no second slot comes while a test runs. */
async function addSchedule(row: Row): Promise<{ id: string; name: string; slot: Date }> {
  const { name = 'yearly', task = CleanupExpiredTokens.name, payload = {}, cron = '0 0 1 1 *', enabled = true } = row;
  const [added] = await database.query<{ id: string; name: string; slot: Date }>(
    `INSERT INTO scheduler.schedule (name, task, payload, cron, enabled, next_slot)
     VALUES ($1, $2, $3, $4, $5, date_trunc('milliseconds', ${row.nextSlot})) RETURNING id, name, next_slot AS slot`,
    [name, task, JSON.stringify(payload), cron, enabled],
  );
  if (!added) throw new Error('The schedule was not added.');
  return added;
}

const tasksInserted = () => database.query<{ id: string; accepted_at: Date }>('SELECT id, accepted_at FROM tasks.task');
const slotsAhead = (name = 'yearly') =>
  database.query<{ ahead: boolean | null }>(
    'SELECT next_slot > clock_timestamp() AS ahead FROM scheduler.schedule WHERE name = $1',
    [name],
  );

beforeAll(async () => {
  database = await createDatabase({
    template: 'scheduler',
    migrate: async (url) => void (await migrateDatabase(url)),
  });
});
beforeEach(() => database.query('TRUNCATE scheduler.schedule, tasks.task'));
afterEach(async () => {
  for (const { loop, dataSource } of replicas.splice(0)) {
    await loop.stop();
    await dataSource.destroy();
  }
});
afterAll(() => database.remove());

describe('schedules', () => {
  it('E40: fire a slot exactly once although three replicas wait for it', async () => {
    const { id, slot } = await addSchedule({ nextSlot: `clock_timestamp() + interval '1.2 s'` });
    for (const { loop } of [await createReplica(), await createReplica(), await createReplica()]) loop.start();
    await eventually(async () => (await slotsAhead())[0]?.ahead && (await tasksInserted()).length > 0, {
      what: 'the slot',
    });
    for (const { loop } of replicas) await loop.stop();
    const tasks = await tasksInserted();
    expect(tasks.map((task) => task.id)).toEqual([uuidv5(slot.toISOString(), id)]);
    expect(tasks[0]?.accepted_at.getTime()).toBeGreaterThanOrEqual(slot.getTime());
  });

  it('E40: fire a slot exactly once when thirty claims race for it', async () => {
    const schedule = await addSchedule({ nextSlot: 'clock_timestamp()' });
    const racing = [await createReplica(), await createReplica(), await createReplica()];
    await Promise.all(racing.flatMap(({ firing }) => Array.from({ length: 10 }, () => firing.fire(schedule))));
    expect(await tasksInserted()).toHaveLength(1);
  });

  it('wait for the next slot of their rule after one has fired', async () => {
    const schedule = await addSchedule({ cron: '0 3 * * *', nextSlot: 'clock_timestamp()' });
    await (await createReplica()).firing.fire(schedule);
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
    const schedule = await addSchedule({
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
    expect((await tasksInserted()).map(({ id }) => id)).toEqual([uuidv5(latest!.slot.toISOString(), schedule.id)]);
    const missed = /schedule_missed_total\{schedule="after-downtime"\} (\d+)/.exec((await metricsText()).body);
    expect(Number(missed?.[1])).toBe(Math.round((latest!.slot.getTime() - schedule.slot.getTime()) / 86_400_000));
  });

  it('fire later, once, when a replica dies between its claim and its commit', async () => {
    const schedule = await addSchedule({ nextSlot: 'clock_timestamp()' });
    const [dying, other] = [await createReplica(), await createReplica()];
    const gate = other.dataSource.createQueryRunner();
    await gate.startTransaction();
    await gate.query('LOCK TABLE tasks.task IN SHARE MODE');
    const fate = expect(dying.firing.fire(schedule)).rejects.toThrow(/terminat/);
    await eventually(killBackendThatInsertsATask, { what: 'the claim to reach its insert' });
    await fate;
    await gate.rollbackTransaction();
    await gate.release();
    expect(await tasksInserted()).toHaveLength(0);
    other.loop.start();
    await eventually(async () => (await tasksInserted()).length, { what: 'the other replica to fire' });
    await dying.firing.fire(schedule);
    expect(await tasksInserted()).toHaveLength(1);
  });

  it('are skipped, not waited for, while another replica holds them', async () => {
    const schedule = await addSchedule({ nextSlot: 'clock_timestamp()' });
    const replica = await createReplica();
    const holder = replica.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM scheduler.schedule FOR UPDATE');
    await replica.firing.fire(schedule);
    expect(await tasksInserted()).toHaveLength(0);
    await holder.rollbackTransaction();
    await holder.release();
  });

  it('go on with the others when one names an unknown task, has a payload that does not fit, or a rule that cannot be read', async () => {
    const nextSlot = `clock_timestamp() - interval '1 s'`;
    await addSchedule({ name: 'unknown', task: 'accounts.no-such-task', nextSlot });
    await addSchedule({ name: 'misfit', payload: { surprise: true }, nextSlot });
    await addSchedule({ name: 'no-payload', payload: null, nextSlot });
    await addSchedule({ name: 'unreadable', cron: 'now and then', nextSlot });
    await addSchedule({ name: 'sound', nextSlot: 'clock_timestamp()' });
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
    const schedule = await addSchedule({ enabled: false, nextSlot: 'clock_timestamp()' });
    await (await createReplica()).firing.fire(schedule);
    expect(await tasksInserted()).toHaveLength(0);
  });

  it('fire again after PostgreSQL ended every connection', async () => {
    const { loop } = await createReplica();
    loop.start();
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scheduler under test'`,
    );
    await addSchedule({ nextSlot: 'clock_timestamp()' });
    await eventuallyPasses(async () => expect(await tasksInserted()).toHaveLength(1));
  });
});

describe('the default schedules', () => {
  it('E43: clean up expired tokens daily at 03:00 UTC, as an operator may change', async () => {
    const fresh = await createDatabase({
      template: 'scheduler',
      migrate: async (url) => void (await migrateDatabase(url)),
    });
    try {
      const [row] =
        await fresh.query(`SELECT name, task, cron, timezone, enabled, next_slot > now() AND next_slot <= now() + interval '1 day' AS soon,
        to_char(next_slot AT TIME ZONE 'UTC', 'HH24:MI:SS.US') AS at FROM scheduler.schedule`);
      expect(row).toEqual({
        name: 'cleanup-expired-tokens-daily',
        task: CleanupExpiredTokens.name,
        cron: '0 3 * * *',
        timezone: 'UTC',
        enabled: true,
        soon: true,
        at: '03:00:00.000000',
      });
      await fresh.query('DELETE FROM scheduler.schedule');
      await expect(migrateDatabase(fresh.url)).resolves.toEqual([]);
      await expect(fresh.query('SELECT 1 FROM scheduler.schedule')).resolves.toEqual([]);
    } finally {
      await fresh.remove();
    }
  });
});

async function killBackendThatInsertsATask(): Promise<boolean> {
  const killed = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO tasks.task %'`,
  );
  return killed.length > 0;
}
