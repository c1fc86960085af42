import type { EntityManager } from 'typeorm';
import {
  createServers,
  newTask,
  outboxEmpty,
  StoreProcess,
  takeMessages,
  taskId,
  taskRow,
  type Servers,
} from '../../test/store-process.js';

describe('Enqueueing inside a transaction', () => {
  let servers: Servers;
  let process: StoreProcess;

  beforeAll(async () => {
    servers = await createServers();
    process = await StoreProcess.start(servers);
  });

  afterEach(async () => {
    await takeMessages(servers);
    await servers.database.query('TRUNCATE tasks.task, tasks.event_outbox, public.note');
  });

  afterAll(async () => {
    await process?.stop();
    await servers?.remove();
  });

  const enqueue = (name: string, tx: EntityManager) => process.store.enqueue([newTask(name)], tx);
  const failing = (work: (tx: EntityManager) => Promise<unknown>) =>
    process.dataSource
      .transaction(async (tx) => {
        await work(tx);
        throw new Error('rolled back');
      })
      .catch((error: Error) => error.message);

  /** A task enqueued and published afterwards shows that nothing before it is still on its way. */
  async function published(): Promise<(string | undefined)[]> {
    await process.store.enqueue([newTask('fence')]);
    await outboxEmpty(servers);
    return (await takeMessages(servers)).map(({ id }) => id);
  }

  it('publishes after the commit, once', async () => {
    await process.dataSource.transaction((tx) => enqueue('committed', tx));
    expect(await published()).toEqual([taskId('committed'), taskId('fence')]);
    expect(await taskRow(servers, 'committed')).toMatchObject({
      state: 'queued',
      publish_attempts: 1,
      publish_error: null,
    });
  });

  it('publishes nothing before the commit', async () => {
    await process.dataSource.transaction(async (tx) => {
      await enqueue('not yet', tx);
      expect(await published()).toEqual([taskId('fence')]);
    });
    await outboxEmpty(servers);
    expect(await takeMessages(servers)).toHaveLength(1);
  });

  it('A3: publishes nothing of a transaction that rolls back', async () => {
    expect(await failing((tx) => enqueue('lost', tx))).toBe('rolled back');
    expect(await published()).toEqual([taskId('fence')]);
    expect(await taskRow(servers, 'lost')).toBeUndefined();
  });

  it('A3: publishes nothing when a savepoint was released before the transaction around it rolled back', async () => {
    await failing(async (tx) => {
      await tx.transaction((inner) => enqueue('released', inner));
      expect(await published()).toEqual([taskId('fence')]);
    });
    expect(await published()).toEqual([]);
    expect(await taskRow(servers, 'released')).toBeUndefined();
  });

  it('publishes after the outermost commit what a released savepoint enqueued, without waiting for a relay', async () => {
    await process.dataSource.transaction(async (tx) => {
      await tx.transaction((inner) => enqueue('released', inner));
      expect(await published()).toEqual([taskId('fence')]);
    });
    await outboxEmpty(servers);
    expect((await takeMessages(servers)).map(({ id }) => id)).toEqual([taskId('released')]);
    expect(await taskRow(servers, 'released')).toMatchObject({ publish_attempts: 1 });
  });

  it('A3: publishes only the tasks of the outer transaction when a savepoint in it was rolled back', async () => {
    await process.dataSource.transaction(async (tx) => {
      await enqueue('outer before', tx);
      await tx
        .transaction(async (inner) => {
          await enqueue('inner', inner);
          throw new Error('inner rolled back');
        })
        .catch(() => undefined);
      await enqueue('outer after', tx);
    });
    expect((await published()).sort()).toEqual([taskId('outer before'), taskId('outer after'), taskId('fence')].sort());
    expect(await taskRow(servers, 'inner')).toBeUndefined();
  });

  it('A3: publishes nothing when the code swallowed an SQL error, so that COMMIT rolled back', async () => {
    await process.dataSource.transaction(async (tx) => {
      await enqueue('swallowed', tx);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    expect(await published()).toEqual([taskId('fence')]);
    expect(await taskRow(servers, 'swallowed')).toBeUndefined();
  });

  it('A3: treats domain events like tasks', async () => {
    const event = {
      exchange: 'tasks',
      routingKey: 'work.event',
      name: 'work.event',
      body: Buffer.from('{}'),
      headers: {},
    };
    await failing((tx) => process.store.publishLater([{ ...event, id: taskId('lost event') }], tx));
    await process.dataSource.transaction((tx) => process.store.publishLater([{ ...event, id: taskId('event') }], tx));
    // Of two outboxes, in whichever order.
    expect((await published()).sort()).toEqual([taskId('event'), taskId('fence')].sort());
  });

  it('keeps the tasks of two transactions on one connection apart', async () => {
    const runner = process.dataSource.createQueryRunner();
    await runner.startTransaction();
    await enqueue('first', runner.manager);
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await enqueue('second', runner.manager);
    await runner.commitTransaction();
    await runner.release();
    expect((await published()).sort()).toEqual([taskId('second'), taskId('fence')].sort());
  });

  it('leaves to the relay what commits only after its first lease has run out', async () => {
    const other = await StoreProcess.start(servers, { relay: false });
    await other.dataSource.transaction(async (tx) => {
      await other.store.enqueue([newTask('slow transaction')], tx);
      await tx.query(`UPDATE tasks.task SET claimed_until = clock_timestamp() WHERE id = $1`, [
        taskId('slow transaction'),
      ]);
    });
    await outboxEmpty(servers);
    await other.stop();
    expect(await takeMessages(servers)).toHaveLength(1);
    expect(await taskRow(servers, 'slow transaction')).toMatchObject({ publish_attempts: 2 });
  });
});
