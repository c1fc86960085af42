import type { TestDatabase } from '@mentorhub/testing';
import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase } from '../../test/store-process.js';
import { anEvent } from '../../test/task-events.js';
import { History } from './history.js';
import { projectEvents } from './project-events.js';

describe("The timeline's partitions", () => {
  let database: TestDatabase;
  const pools: DataSource[] = [];
  const pool = async () => {
    const dataSource = await connect(database.url);
    pools.push(dataSource);
    return dataSource;
  };
  const partitions = async () =>
    (
      await database.query(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'tasks.task_event'::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const rowsIn = async (table: string) => (await database.query(`SELECT task_id FROM ${table}`)).length;

  beforeEach(async () => {
    database = await createTaskDatabase();
  });

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((dataSource) => dataSource.destroy()));
    await database?.remove();
  });

  it('are made once by three processes at the same moment', async () => {
    const histories = await Promise.all([pool(), pool(), pool()]);
    await Promise.all(histories.map((dataSource) => new History(dataSource).ensurePartitions(2)));
    expect(await partitions()).toHaveLength(1 + 3);
    await new History(histories[0]).ensurePartitions(3);
    expect(await partitions()).toHaveLength(1 + 4);
  });

  it('are not made while somebody reads for long, so that nobody has to wait behind', async () => {
    const dataSource = await pool();
    const history = new History(dataSource);
    const backup = dataSource.createQueryRunner();
    await backup.startTransaction();
    await backup.query('SELECT count(*) FROM tasks.task_event');
    await expect(history.ensurePartitions()).rejects.toMatchObject({ code: '55P03' });
    expect(await history.timeline(anEvent('succeeded').taskId)).toEqual([]);
    await backup.rollbackTransaction();
    await backup.release();
    await history.ensurePartitions();
  });

  it('take over the events that came before they were there', async () => {
    const dataSource = await pool();
    await dataSource.transaction((tx) => projectEvents(tx, [anEvent('succeeded')]));
    expect(await rowsIn('tasks.task_event_default')).toBe(1);
    const history = new History(dataSource);
    await history.ensurePartitions();
    expect(await rowsIn('tasks.task_event_default')).toBe(0);
    expect(await history.timeline(anEvent('succeeded').taskId)).toMatchObject([{ kind: 'succeeded' }]);
  });

  it('can be made while events are written', async () => {
    const dataSource = await pool();
    const writing = Array.from({ length: 40 }, (_, attempt) =>
      dataSource.transaction((tx) => projectEvents(tx, [anEvent('started', { attempt: attempt + 1 })])),
    );
    await new History(dataSource).ensurePartitions();
    await Promise.all(writing);
    expect(await rowsIn('tasks.task_event')).toBe(40);
  });
});
