import type { TestDatabase } from '@mentorhub/testing';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { connect, createTaskDatabase, newTask } from '../../test/store-process.js';
import { anEvent } from '../../test/task-events.js';
import { takeInDeadLetters } from '../dead-letters/dead-letters.js';
import { projectEvents } from '../history/project-events.js';
import { insertEvents } from './insert-events.js';
import { insertTasks } from './insert-tasks.js';

/** What two processes may write at once with the same ids. */
const writes: [string, (tx: EntityManager, ids: readonly string[]) => Promise<unknown>][] = [
  [
    'enqueue tasks',
    (tx, ids) =>
      insertTasks(
        tx,
        ids.map((id) => newTask('task', { id })),
        0,
      ),
  ],
  ['store events', (tx, ids) => insertEvents(tx, ids.map(outgoing), 0)],
  ['take in dead letters', (tx, ids) => takeInDeadLetters(tx, ids.map(letter))],
  [
    'write timelines',
    (tx, ids) =>
      projectEvents(
        tx,
        ids.map((id) => anEvent('failed', { taskId: id, at })),
      ),
  ],
];
const at = '2026-11-22T10:00:00.000Z';
const outgoing = (id: string) => ({
  id,
  exchange: 'e',
  routingKey: 'r',
  name: 'n',
  body: Buffer.alloc(0),
  headers: {},
});
const letter = (id: string) => ({
  id,
  queue: 'work',
  reason: 'failed',
  error: { name: 'Error', message: 'no' },
  headers: {},
  body: Buffer.alloc(0),
  parkedAt: new Date(at),
});

describe('Two that write rows with the same ids at once', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url);
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  const waiting = (count: number) =>
    eventually(
      async () => {
        const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await database.query(sql)).length === count;
      },
      { what: `${count} statements that wait for a lock` },
    );

  it.each(writes)('and %s, each in its own order, wait for each other', async (_, write) => {
    const [low, middle, high] = [randomUUID(), randomUUID(), randomUUID()].sort() as [string, string, string];
    const others = dataSource.createQueryRunner();
    await others.startTransaction();
    await write(others.manager, [middle]);
    // Both meet the row in the middle, which somebody is writing; in their callers' orders each would hold what the other needs.
    const both = [
      [low, middle, high],
      [high, middle, low],
    ].map((ids) => dataSource.transaction((tx) => write(tx, ids)));
    const done = Promise.allSettled(both);
    await waiting(2);
    await others.rollbackTransaction();
    await others.release();
    expect((await done).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('takes the first of two tasks with one id', async () => {
    const id = randomUUID();
    const tasks = ['first', 'second'].map((name) => newTask(name, { id }));
    expect(await insertTasks(dataSource.manager, tasks, 0)).toHaveLength(1);
    const [row] = await database.query<{ payload: Buffer }>('SELECT payload FROM tasks.task WHERE id = $1', [id]);
    expect(row?.payload.toString()).toBe('{"name":"first"}');
  });
});
