import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { History } from '../history/history.js';
import { TaskOutbox } from './task-outbox.js';
import type { TestDatabase } from '@mentorhub/testing';

const scheduled = 20_000;
/** Some pages of an index at the most; not what waits. */
const few = 200;

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

  /** Entries of the task table's indexes that `look` reads. */
  async function entriesReadBy(look: () => Promise<unknown>): Promise<number> {
    const before = await entriesRead();
    await look();
    return (await entriesRead()) - before;
  }

  async function entriesRead(): Promise<number> {
    await dataSource.query('SELECT pg_stat_force_next_flush()');
    const [row] = await dataSource.query(
      `SELECT sum(idx_tup_read)::int + (SELECT seq_tup_read::int FROM pg_stat_user_tables WHERE relid = 'tasks.task'::regclass) AS entries
       FROM pg_stat_user_indexes WHERE relid = 'tasks.task'::regclass`,
    );
    return row.entries;
  }

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
      expect(await entriesReadBy(() => history.oldestPending())).toBeLessThan(few);
    });
  });

  it('a relay does not read them to learn when the next one is due', async () => {
    await dataSource.query('ANALYZE tasks.task');
    expect(await entriesReadBy(() => outbox.secondsToNext())).toBeLessThan(few);
  });
});
