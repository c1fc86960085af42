import { CleanupExpiredTokens } from '@mentorhub/contracts';
import { eventually, eventuallyPasses, type TestDatabase } from '@mentorhub/testing';
import { addSchedule, createSchedulerDatabase, Replica, taskOf, tasksIn, type Row } from '../../../test/replica.js';
import { shiftableClock } from '../../../test/shifted-clock.js';

const hour = 3600;

/** Firing by a clock that the test sets: downtime, and clocks that jump, without waiting for them. */
describe('schedules by the clock of PostgreSQL', () => {
  let database: TestDatabase;
  let setClock: (secondsAhead: number) => Promise<void>;
  let replica: Replica;

  beforeAll(async () => {
    database = await createSchedulerDatabase();
    setClock = await shiftableClock(database);
    replica = await Replica.create(database);
  });
  beforeEach(async () => {
    await setClock(0);
    await database.query('TRUNCATE scheduler.schedule, tasks.task');
  });
  afterAll(async () => {
    await replica.stop();
    await database.remove();
  });

  const add = (row: Row) => addSchedule(database, row);
  /** Hourly, with the next slot in an hour. */
  const hourly = (more: Partial<Row> = {}) =>
    add({ every: hour, nextSlot: `pg_catalog.clock_timestamp() + interval '1 h'`, ...more });
  const slotsAfter = ({ slot }: { slot: Date }, ...hours: number[]) =>
    hours.map((count) => new Date(slot.getTime() + count * hour * 1000));
  const taskIds = async () => (await tasksIn(database)).map(({ id }) => id).sort();
  const waitsFor = async () =>
    (await database.query<{ next: Date }>('SELECT next_slot AS next FROM scheduler.schedule'))[0]?.next;

  it.each([
    ['skip', []],
    ['fire-once', [3]],
    ['fire-all', [0, 1, 2, 3]],
  ])(
    'E41: after four and a half hours of downtime the policy %s fires the slots %p of four',
    async (misfire, hours) => {
      const schedule = await hourly({ misfire });
      await setClock(4.5 * hour);
      await replica.firing.fireDue();
      expect(await taskIds()).toEqual(
        slotsAfter(schedule, ...hours)
          .map((slot) => taskOf(schedule, slot))
          .sort(),
      );
      expect(await waitsFor()).toEqual(slotsAfter(schedule, 4)[0]);
    },
  );

  it('E41: fires a slot that is 59 s late even with the policy skip', async () => {
    const schedule = await hourly({ misfire: 'skip' });
    await setClock(hour + 58);
    await replica.firing.fireDue();
    expect(await taskIds()).toEqual([taskOf(schedule, schedule.slot)]);
  });

  it('fires nothing twice, and goes on at once, when the clock jumps a day forward and back again', async () => {
    const schedule = await hourly();
    replica.loop.start();
    await setClock(25 * hour);
    await eventually(async () => (await taskIds()).length > 0, { what: 'the catching up' });
    const [early] = await taskIds();
    await setClock(0);
    await eventuallyPasses(async () => expect(await waitsFor()).toEqual(schedule.slot));
    // Every slot of the day passes now for real, one hour after the other.
    for (let hours = 1; hours <= 26; hours++) {
      await setClock(hours * hour + 1);
      await replica.firing.fireDue();
      await eventuallyPasses(async () => expect(await waitsFor()).toEqual(slotsAfter(schedule, hours)[0]));
    }
    const all = slotsAfter(schedule, ...Array.from({ length: 26 }, (_, hours) => hours));
    expect(await taskIds()).toEqual(all.map((slot) => taskOf(schedule, slot)).sort());
    expect(all.map((slot) => taskOf(schedule, slot))).toContain(early);
  });

  describe('with the overlap policy skip', () => {
    const unfinished = async () => {
      const schedule = await hourly({ overlap: 'skip' });
      await setClock(hour + 1);
      await replica.firing.fireDue();
      return schedule;
    };
    const fireTheNext = async () => {
      await setClock(2 * hour + 1);
      await replica.firing.fireDue();
    };

    it('do not fire while the last run is unfinished, and wait for the next slot', async () => {
      const schedule = await unfinished();
      await fireTheNext();
      expect(await taskIds()).toEqual([taskOf(schedule, schedule.slot)]);
      expect(await waitsFor()).toEqual(slotsAfter(schedule, 2)[0]);
    });

    it.each([
      ['told', `UPDATE tasks.task SET state = 'succeeded', finished_at = now()`],
      [
        'recorded',
        `INSERT INTO tasks.inbox (task_id, run, attempt, state) SELECT id, run, 1, 'failed' FROM tasks.task`,
      ],
      ['forgotten', 'DELETE FROM tasks.task'],
    ])('fire when the end of the last run was %s', async (_, end) => {
      const schedule = await unfinished();
      await database.query(end);
      await fireTheNext();
      expect(await taskIds()).toContain(taskOf(schedule, slotsAfter(schedule, 1)[0]!));
    });

    it('do not fire either when somebody has asked for a run since, which has ended', async () => {
      const schedule = await unfinished();
      await database.query(
        `UPDATE scheduler.schedule SET last_task_id = gen_random_uuid(), last_slot = now(), last_fired_at = now()`,
      );
      await fireTheNext();
      expect(await taskIds()).toEqual([taskOf(schedule, schedule.slot)]);
    });

    it('fire when the last run is older than the maximum age, so that a lost one silences nothing', async () => {
      const schedule = await unfinished();
      await database.query('UPDATE scheduler.schedule SET overlap_max_age_seconds = 3599');
      await fireTheNext();
      expect(await taskIds()).toHaveLength(2);
      expect(await waitsFor()).toEqual(slotsAfter(schedule, 2)[0]);
    });

    it('fire a single one of the slots that are made up for', async () => {
      const schedule = await hourly({ overlap: 'skip', misfire: 'fire-all', task: CleanupExpiredTokens.name });
      await setClock(4.5 * hour);
      await replica.firing.fireDue();
      expect(await taskIds()).toEqual([taskOf(schedule, schedule.slot)]);
    });
  });
});
