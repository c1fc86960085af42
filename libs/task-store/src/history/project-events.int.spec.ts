import type { TestDatabase } from '@mentorhub/testing';
import type { DataSource } from 'typeorm';
import { connect, createTaskDatabase, newTask, taskId } from '../../test/store-process.js';
import { anEvent } from '../../test/task-events.js';
import { insertTasks } from '../enqueue/insert-tasks.js';
import { derivedId } from '../ids.js';
import { stateRank, taskStates } from '../states.js';
import type { OutboxItem } from '../outbox/outbox.js';
import { TaskOutbox } from '../outbox/task-outbox.js';
import { History } from './history.js';
import { projectEvents } from './project-events.js';
import type { TaskEvent } from './task-event.js';

describe('Projecting task events into history', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let history: History;

  const project = (...events: TaskEvent[]) => dataSource.transaction((tx) => projectEvents(tx, events));
  const startedAt = new Date().toISOString();
  const finishedAt = new Date(Date.parse(startedAt) + 7_000).toISOString();
  let sequence = 0;
  let id: string;
  const started = (more: Partial<TaskEvent> = {}) =>
    anEvent('started', { taskId: id, startedAt, at: startedAt, ...more });
  const succeeded = (more: Partial<TaskEvent> = {}) =>
    anEvent('succeeded', { taskId: id, startedAt, at: finishedAt, result: { answer: 42 }, runSeconds: 7, ...more });
  const failed = (more: Partial<TaskEvent> = {}) =>
    anEvent('failed', { taskId: id, at: finishedAt, error: { name: 'Error', message: 'no' }, ...more });

  beforeAll(async () => {
    database = await createTaskDatabase();
    dataSource = await connect(database.url);
    history = new History(dataSource);
  });

  beforeEach(async () => {
    const name = `projected ${(sequence += 1)}`;
    id = taskId(name);
    await insertTasks(dataSource.manager, [newTask(name)], 5);
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.remove();
  });

  it('shows the start of a task that told it only with its end, and shows it once', async () => {
    await project(succeeded());
    await project(started(), succeeded());
    expect((await history.timeline(id)).map(({ kind, at }) => [kind, at])).toEqual([
      ['started', new Date(startedAt)],
      ['succeeded', new Date(finishedAt)],
    ]);
  });

  it('B9: brings the row and the timeline up to date', async () => {
    await project(started());
    expect(await history.find(id)).toMatchObject({
      state: 'started',
      worker: 'worker-1',
      startedAt: new Date(startedAt),
      finishedAt: null,
    });
    await project(succeeded());
    expect(await history.find(id)).toMatchObject({
      state: 'succeeded',
      result: { answer: 42 },
      error: null,
      finishedAt: new Date(finishedAt),
    });
    const timeline = await history.timeline(id);
    expect(timeline).toMatchObject([{ kind: 'started' }, { kind: 'succeeded', details: { runSeconds: 7 } }]);
  });

  it('changes nothing when it is told twice', async () => {
    await project(started(), succeeded());
    const before = await history.find(id);
    await project(succeeded());
    await project(started(), succeeded());
    expect(await history.find(id)).toEqual(before);
    expect(await history.timeline(id)).toHaveLength(2);
  });

  it('keeps the end of a task when its start is told afterwards', async () => {
    await project(succeeded());
    await project(started());
    expect(await history.find(id)).toMatchObject({ state: 'succeeded', result: { answer: 42 } });
    expect((await history.timeline(id)).map(({ kind }) => kind)).toEqual(['started', 'succeeded']);
  });

  it('takes two events of one task in one batch, in either order', async () => {
    await project(succeeded(), started());
    expect((await history.find(id))?.state).toBe('succeeded');
    expect(await history.timeline(id)).toHaveLength(2);
  });

  it('keeps the larger run, and within it the larger attempt', async () => {
    await project(failed({ run: 2, attempt: 1 }));
    await project(succeeded({ run: 1, attempt: 3 }));
    expect(await history.find(id)).toMatchObject({ state: 'failed', run: 2, attempt: 1, result: null });
    await project(started({ run: 3 }));
    expect(await history.find(id)).toMatchObject({ state: 'started', run: 3, finishedAt: null, error: null });
  });

  it('B17: keeps a result although a later delivery of the same message had expired', async () => {
    await project(succeeded());
    await project(anEvent('expired', { taskId: id }));
    expect(await history.find(id)).toMatchObject({ state: 'succeeded', result: { answer: 42 } });
    await project(anEvent('expired', { taskId: id, attempt: 2 }), succeeded({ attempt: 2 }), failed({ attempt: 2 }));
    expect(await history.find(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it('ranks states in TypeScript as in SQL', async () => {
    const rows = await database.query(`SELECT s, tasks.state_rank(s) AS rank FROM unnest($1::text[]) AS s`, [
      [...taskStates],
    ]);
    expect(rows).toEqual(taskStates.map((state) => ({ s: state, rank: stateRank(state) })));
  });

  it('gives a task that was published without a row its row', async () => {
    const light = derivedId('light');
    await project(succeeded({ taskId: light, result: null }));
    expect(await history.find(light)).toMatchObject({
      state: 'succeeded',
      payload: null,
      name: 'example.do',
      dueAt: new Date(startedAt),
    });
    expect((await history.find(light))?.publishedAt).not.toBeNull();
  });

  it('takes a task out of the outbox whose publish was never marked', async () => {
    await project(started());
    expect((await history.find(id))?.publishedAt).not.toBeNull();
    expect(await database.query(`SELECT claimed_until FROM tasks.task WHERE id = $1`, [id])).toEqual([
      { claimed_until: null },
    ]);
  });

  it('leaves a light task retrying that is marked as published only then', async () => {
    await project(anEvent('retrying', { taskId: id, at: finishedAt, retryInSeconds: 60 }));
    const { publishedAt } = (await history.find(id)) ?? {};
    const item = { id, run: 1, attempt: 1 } as OutboxItem;
    expect(await new TaskOutbox(dataSource, 'tasks', 'test').confirm([item])).toEqual([]);
    expect(await history.find(id)).toMatchObject({ state: 'retrying', publishedAt });
  });

  it('writes how far tasks are, and waits for none that somebody holds', async () => {
    await insertTasks(dataSource.manager, [newTask('held'), newTask('free')], 5);
    const reports = ['held', 'free'].map((name) => ({
      task: { taskId: taskId(name), run: 1, attempt: 1 },
      progress: { done: 1 },
    }));
    await dataSource.transaction(async (tx) => {
      await tx.query('SELECT FROM tasks.task WHERE id = $1 FOR UPDATE', [taskId('held')]);
      expect(await history.setProgress(reports)).toEqual([taskId('held')]);
    });
    expect((await history.find(taskId('free')))?.progress).toEqual({ done: 1 });
    expect(await history.setProgress(reports)).toEqual([]);
    expect((await history.find(taskId('held')))?.progress).toEqual({ done: 1 });
  });

  it('stores what JSON can carry and PostgreSQL text cannot: NUL and lone surrogates', async () => {
    const awkward = 'nul \0, lone \ud800, ✓';
    await project(succeeded({ result: { [awkward]: awkward } }));
    expect((await history.find(id))?.result).toEqual({ [awkward]: awkward });
    await project(failed({ run: 2, error: { name: awkward, message: awkward, stack: awkward } }));
    expect((await history.find(id))?.error).toEqual({ name: awkward, message: awkward, stack: awkward });
    expect((await history.timeline(id)).at(-1)?.details?.error?.message).toBe(awkward);
  });

  it('says how old the oldest task of each kind is that is due and not done', async () => {
    const names = ['example.do', 'example.later'];
    const [pending] = (await history.oldestPending(names)).filter(({ name }) => name === 'example.do');
    expect(pending?.ageSeconds).toBeGreaterThan(0);
    await insertTasks(dataSource.manager, [newTask('far', { name: 'example.later', delaySeconds: 60 })], 5);
    expect((await history.oldestPending(names)).map(({ name }) => name)).not.toContain('example.later');
  });
});
