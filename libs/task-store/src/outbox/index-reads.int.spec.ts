import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { History } from '../history/history.js';
import { Revocations } from '../revocations/revocations.js';
import { EventOutbox } from './event-outbox.js';
import { TaskOutbox } from './task-outbox.js';
import type { TestDatabase } from '@mentorhub/testing';

const scheduled = 20_000;
/** Some pages of an index at the most; not what waits. */
const few = 200;

/** Entries of a table's indexes that `look` reads, or rows without one. */
async function entriesOfReadBy(table: string, dataSource: DataSource, look: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    await dataSource.query('SELECT pg_stat_force_next_flush()');
    const [row] = await dataSource.query(
      `SELECT sum(idx_tup_read)::int + (SELECT seq_tup_read::int FROM pg_stat_user_tables WHERE relid = $1::regclass) AS entries
       FROM pg_stat_user_indexes WHERE relid = $1::regclass`,
      [table],
    );
    return row.entries as number;
  };
  const before = await read();
  await look();
  return (await read()) - before;
}

describe(`C28: beside ${scheduled} tasks that are due in an hour`, () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let outbox: TaskOutbox;

  beforeAll(async () => {
    database = await createTaskDatabase();
    // One connection, whose reads are counted.
    dataSource = await connect(database.url, 1);
    outbox = new TaskOutbox(dataSource, 'tasks', 'test');
    await dataSource.query(
      `INSERT INTO tasks.task (id, name, version, queue, payload, headers, due_at, state, publish_attempts, claimed_until)
       SELECT gen_random_uuid(), 'example.do', 1, 'work', '{}', '{}', clock_timestamp() + interval '1 h', 'scheduled', 0, NULL
       FROM generate_series(1, $1)`,
      [scheduled],
    );
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.remove();
  });

  const entriesReadBy = (look: () => Promise<unknown>) => entriesOfReadBy('tasks.task', dataSource, look);

  it('what is counted is what is read', async () => {
    expect(await entriesReadBy(() => dataSource.query('SELECT count(payload) FROM tasks.task'))).toBe(scheduled);
  });

  describe.each([
    ['a new table', undefined],
    ['one that PostgreSQL has analysed', 'ANALYZE tasks.task'],
  ])('in %s', (_, prepare) => {
    beforeAll(async () => {
      if (prepare) await dataSource.query(prepare);
    });

    it('a relay that looks for due rows does not read them', async () => {
      expect(await entriesReadBy(() => outbox.claim(500, 0))).toBeLessThan(few);
    });

    it('a process does not read them to find what it has just committed', async () => {
      const [{ id }] = await dataSource.query('SELECT id FROM tasks.task LIMIT 1');
      expect(await entriesReadBy(() => outbox.committed([id]))).toBeLessThan(few);
    });

    it('the metrics of the backlog do not read them', async () => {
      const history = new History(dataSource);
      expect(await entriesReadBy(() => history.relayBacklog())).toBeLessThan(few);
      expect(await entriesReadBy(() => history.oldestPending(['example.do']))).toBeLessThan(few);
    });
  });

  it('a relay does not read them to learn when the next one is due', async () => {
    await dataSource.query('ANALYZE tasks.task');
    expect(await entriesReadBy(() => outbox.secondsToNext())).toBeLessThan(few);
  });
});

describe(`Beside ${scheduled} that cannot be published, or are not done, or not light`, () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url, 1);
    // As a process leaves them that has tried: to be tried again in a minute.
    await dataSource.query(
      `INSERT INTO tasks.task (id, name, version, queue, payload, headers, due_at, state, publish_attempts, claimed_until, retry_at)
       SELECT gen_random_uuid(), 'example.do', 1, 'dead', '{}', '{}', clock_timestamp() - interval '1 h', 'queued', 9,
         clock_timestamp() + interval '50 s', clock_timestamp() + interval '50 s'
       FROM generate_series(1, $1)`,
      [scheduled],
    );
    await dataSource.query(
      `INSERT INTO tasks.event_outbox (id, exchange, routing_key, name, body, publish_attempts, claimed_until, retry_at)
       SELECT gen_random_uuid(), 'gone', 'a', 'a', '', 9, clock_timestamp() + interval '50 s', clock_timestamp() + interval '50 s'
       FROM generate_series(1, $1)`,
      [scheduled],
    );
    await dataSource.query(
      `INSERT INTO tasks.revocation (task_id, run, terminate, light, expires_at)
       SELECT gen_random_uuid(), 1, false, false, clock_timestamp() + interval '60 days' FROM generate_series(1, $1)`,
      [scheduled],
    );
    await dataSource.query('ANALYZE tasks.task, tasks.event_outbox, tasks.revocation');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.remove();
  });

  it('a relay finds what it can publish without reading those', async () => {
    const outbox = new TaskOutbox(dataSource, 'tasks', 'test');
    const events = new EventOutbox(dataSource, 'test');
    const id = '00000000-0000-4000-8000-000000000000';
    await dataSource.query(
      `INSERT INTO tasks.task (id, name, version, queue, payload, due_at, state) VALUES ($1, 'example.do', 1, 'work', '{}', now(), 'queued')`,
      [id],
    );
    let items: readonly { readonly id: string }[] = [];
    expect(
      await entriesOfReadBy('tasks.task', dataSource, async () => (items = await outbox.claim(500, 0))),
    ).toBeLessThan(few);
    expect(items.map((item) => item.id)).toEqual([id]);
    for (const look of [() => events.claim(500, 0), () => events.secondsToNext()])
      expect(await entriesOfReadBy('tasks.event_outbox', dataSource, look)).toBeLessThan(few);
    expect(await entriesOfReadBy('tasks.task', dataSource, () => outbox.secondsToNext())).toBeLessThan(few);
  });

  it('the age of the oldest that is not done is told without reading the others', async () => {
    const history = new History(dataSource);
    const look = () => history.oldestPending(['example.do', 'example.unknown']);
    expect(await entriesOfReadBy('tasks.task', dataSource, look)).toBeLessThan(few);
    expect((await look()).map(({ name, ageSeconds }) => [name, ageSeconds > 3_500])).toEqual([['example.do', true]]);
    expect((await history.relayBacklog()).dueRows).toBeGreaterThanOrEqual(scheduled);
  });

  it('a worker reads the latest revocations of light tasks without those of others', async () => {
    const revocations = new Revocations(dataSource);
    expect(await entriesOfReadBy('tasks.revocation', dataSource, () => revocations.live(20_001, [], 75))).toBeLessThan(
      few,
    );
  });
});
