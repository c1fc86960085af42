import { eventually, type ServiceProcess, type TestDatabase } from '@mentorhub/testing';
import { addSchedule, createSchedulerDatabase, Replica, taskOf, tasksIn } from '../../../test/replica.js';
import { startScheduler } from '../../../test/scheduler-process.js';

/** Processes, and SIGKILL. */
describe('of three schedulers, one that is killed', () => {
  let database: TestDatabase;
  let schedulers: ServiceProcess[] = [];

  beforeAll(async () => {
    database = await createSchedulerDatabase();
    await database.query('DELETE FROM scheduler.schedule');
    schedulers = await Promise.all([1, 2, 3].map(() => startScheduler(database)));
  });
  afterEach(() => database.query('TRUNCATE scheduler.schedule, tasks.task'));
  afterAll(async () => {
    await Promise.all(schedulers.map((scheduler) => scheduler.kill()));
    await database?.remove();
  });

  const insertsWaiting = async () =>
    Number(
      (
        await database.query(`
          SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO tasks.task %'`)
      )[0]?.['count'],
    );

  /** Nothing can be inserted into `tasks.task` meanwhile: who fires waits, with the schedule in its hands. */
  async function withGateClosed(action: () => Promise<void>): Promise<void> {
    const replica = await Replica.create(database);
    const gate = replica.dataSource.createQueryRunner();
    await gate.startTransaction();
    await gate.query('LOCK TABLE tasks.task IN SHARE MODE');
    try {
      await action();
    } finally {
      await gate.rollbackTransaction();
      await gate.release();
      await replica.stop();
    }
  }

  it('E40: at its slot, with the slot in its hands, does not keep it from firing exactly once', async () => {
    const [victim, ...others] = schedulers as [ServiceProcess, ...ServiceProcess[]];
    await withGateClosed(async () => {
      for (const { pid } of others) process.kill(pid, 'SIGSTOP');
      await addSchedule(database, { nextSlot: `clock_timestamp() + interval '0.3 s'` });
      await eventually(async () => (await insertsWaiting()) === 1, { what: 'the slot to be claimed' });
      await victim.kill();
      for (const { pid } of others) process.kill(pid, 'SIGCONT');
    });
    await eventually(async () => (await tasksIn(database)).length, { what: 'another scheduler to fire' });
    const [row] = await database.query<{ id: string; last_slot: Date; ahead: boolean }>(
      'SELECT id, last_slot, next_slot > clock_timestamp() AS ahead FROM scheduler.schedule',
    );
    expect(row?.ahead).toBe(true);
    expect((await tasksIn(database)).map(({ id }) => id)).toEqual([taskOf(row!, row!.last_slot)]);
    await victim.restart();
  });

  it('E40: while twenty schedules fire each second costs no slot and doubles none', async () => {
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        addSchedule(database, {
          name: `each-second-${index}`,
          every: 1,
          nextSlot: `clock_timestamp() + interval '0.5 s'`,
        }),
      ),
    );
    const fired = async () => Number((await tasksIn(database)).length);
    await eventually(async () => (await fired()) >= 40, { what: 'two slots each' });
    await schedulers[1]!.kill();
    const before = await fired();
    await eventually(async () => (await fired()) >= before + 80, { what: 'four more slots each' });
    await database.query('UPDATE scheduler.schedule SET enabled = false');
    const rows = await database.query<{ id: string; last_slot: Date }>('SELECT id, last_slot FROM scheduler.schedule');
    const expected = added.flatMap(({ id, slot }) => {
      const last = rows.find((row) => row.id === id)!.last_slot;
      const count = (last.getTime() - slot.getTime()) / 1000 + 1;
      return Array.from({ length: count }, (_, second) => taskOf({ id }, new Date(slot.getTime() + second * 1000)));
    });
    expect((await tasksIn(database)).map(({ id }) => id).sort()).toEqual(expected.sort());
  });
});
