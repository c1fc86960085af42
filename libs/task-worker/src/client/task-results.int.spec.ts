import { databaseFaultOf } from '@mentorhub/service';
import { projectEvents } from '@mentorhub/task-store';
import { startTcpProxy } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { exchanges, Record } from '../../test/example-tasks.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { TaskResults } from '@mentorhub/tasks';

describe('Waiting for results', () => {
  let servers: Servers;
  let application: TaskApplication;
  let results: TaskResults;
  const stopping = new AbortController();

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers);
    const { store, broker } = application;
    const exchange = exchanges.taskEvents;
    results = new TaskResults({ store, broker, exchange, worker: 'test', stopping: stopping.signal });
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const succeed = (taskId: string, answer: number) =>
    application.dataSource.transaction((tx) => {
      const event = {
        taskId,
        run: 1,
        attempt: 1,
        kind: 'succeeded' as const,
        at: new Date().toISOString(),
      };
      return projectEvents(tx, [
        { ...event, name: Record.name, version: 1, queue: 'work', worker: 'w', result: answer },
      ]);
    });

  it('B9: answers each waiter as soon as its task has ended', async () => {
    const ids = (await application.tasks.enqueueMany(Array(50).fill({ contract: Record, payload: { note: 'x' } }))).map(
      ({ id }) => id,
    );
    const waiting = Promise.all(ids.flatMap((id) => [results.wait(id, 200), results.wait(id, 200)]));
    await Promise.all(ids.map((id, n) => succeed(id, n)));
    const ended = await waiting;
    expect(ended.map((task) => task?.result)).toEqual(ids.flatMap((_, n) => [n, n]));
  });

  it('B9: answers at once when the task has ended before', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'x' });
    await succeed(id, 1);
    expect(await results.wait(id, 60)).toMatchObject({ state: 'succeeded', result: 1 });
  });

  it('B9: answers with the state as it is when the time is over', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'x' });
    expect(await results.wait(id, 0)).toMatchObject({ state: 'queued' });
    expect(await results.wait(id, 0.2)).toMatchObject({ state: 'queued' });
  });

  it('knows no task that does not exist', async () => {
    expect(await results.wait(randomUUID(), 60)).toBeUndefined();
  });

  it('fails as on a lost connection when PostgreSQL has not said in time whether there is such a task', async () => {
    const proxy = await startTcpProxy(servers.database.url);
    const waiter = await TaskApplication.start(servers, { project: false, databaseUrl: proxy.url });
    try {
      const { store, broker } = waiter;
      const asking = new TaskResults({ store, broker, exchange: 'none', worker: 'test', stopping: stopping.signal });
      proxy.stall();
      // The connection itself is taken for lost after 100 s, which is more than this test has.
      for (const seconds of [0, 1]) {
        const error = await asking.wait(randomUUID(), seconds).catch((caught: unknown) => caught);
        expect(error).toHaveProperty('name', 'NoAnswerError');
        expect(databaseFaultOf(error)).toBe('ended');
      }
    } finally {
      await proxy.resume();
      await waiter.stop();
      await proxy.close();
    }
  });

  it('finds a task however its id is written', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'x' });
    const waiting = results.wait(id.toUpperCase(), 200);
    await succeed(id, 3);
    expect(await waiting).toMatchObject({ result: 3 });
  });

  it('answers everybody at once when the service stops', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'x' });
    const waiting = Promise.all([results.wait(id, 600), results.wait(id, 600)]);
    stopping.abort();
    expect(await waiting).toMatchObject([{ state: 'queued' }, { state: 'queued' }]);
    expect(await results.wait(id, 600)).toMatchObject({ state: 'queued' });
  });
});
