import { jest } from '@jest/globals';
import type { MessagePublisher } from '@mentorhub/messaging';
import { eventually } from '@mentorhub/testing';
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

const event = { exchange: 'tasks', routingKey: 'work.event', name: 'work.event', body: Buffer.from('{}'), headers: {} };

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
  const waitingLocks = async (): Promise<number> => {
    const sql = `SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted AND relation = 'tasks.task'::regclass`;
    return Number((await servers.database.query(sql))[0]?.['count']);
  };
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

  describe('A3: publishes nothing of a savepoint that was rolled back by SQL', () => {
    type Send = (tx: EntityManager, sql: string) => Promise<unknown>;
    const onItsConnection: Send = async (tx, sql) => {
      const client = (await tx.queryRunner?.connect()) as { query(sql: string): Promise<unknown> };
      return client.query(sql);
    };
    it.each<[string, Send]>([
      ['through the manager', (tx, sql) => tx.query(sql)],
      ['in one text with other statements', (tx, sql) => onItsConnection(tx, `SELECT 1; ${sql}; SELECT 2`)],
      ['past TypeORM', onItsConnection],
      [
        'from within a prepared statement',
        (tx, sql) => onItsConnection(tx, `PREPARE a AS SELECT 1; ${sql}; EXECUTE a; DEALLOCATE a`),
      ],
    ])('%s', async (_way, send) => {
      await process.dataSource.transaction(async (tx) => {
        await enqueue('kept', tx);
        await tx.query('SAVEPOINT mark');
        await enqueue('undone', tx);
        await send(tx, 'ROLLBACK TO SAVEPOINT mark');
      });
      expect((await published()).sort()).toEqual([taskId('kept'), taskId('fence')].sort());
    });

    it('without waiting for the answer to what was enqueued', async () => {
      await process.dataSource.transaction(async (tx) => {
        await tx.query('SAVEPOINT mark');
        await Promise.all([enqueue('undone', tx), tx.query('ROLLBACK TO SAVEPOINT mark')]);
      });
      expect(await published()).toEqual([taskId('fence')]);
    });
  });

  it('A3: publishes nothing before the COMMIT of a transaction that TypeORM knows nothing of', async () => {
    const runner = process.dataSource.createQueryRunner();
    await runner.query('BEGIN');
    await enqueue('by hand', runner.manager);
    expect(await published()).toEqual([taskId('fence')]);
    await runner.query('COMMIT');
    await runner.release();
  });

  it('A3: refuses what would be enqueued in a transaction that is over', async () => {
    let over: EntityManager | undefined;
    await failing(async (tx) => void (over = tx));
    await expect(enqueue('straggler', over!)).rejects.toThrow(/already released/);
    expect(await published()).toEqual([taskId('fence')]);
    expect(await taskRow(servers, 'straggler')).toBeUndefined();
  });

  it('leaves to the relay what comes after the first hundred rows of one transaction, in however many calls', async () => {
    const leased = `SELECT count(*)::int AS count FROM tasks.task WHERE claimed_until IS NOT NULL`;
    await process.dataSource.transaction(async (tx) => {
      for (const part of [1, 2, 3])
        await process.store.enqueue(
          Array.from({ length: 50 }, (_, n) => newTask(`part ${part}, ${n}`)),
          tx,
        );
      expect(await tx.query(leased)).toEqual([{ count: 100 }]);
    });
    await outboxEmpty(servers);
    expect(await takeMessages(servers)).toHaveLength(150);
  });

  it('leaves to the relay what would have to wait for others in the line of its publisher', async () => {
    const publisher = (real: MessagePublisher): MessagePublisher => ({
      ready: true,
      hasRoom: true,
      crowded: true,
      publish: (message) => real.publish(message),
    });
    const busy = await StoreProcess.start(servers, { publisher, relay: false });
    await busy.store.enqueue([newTask('behind others')]);
    expect(await taskRow(servers, 'behind others')).toMatchObject({ publish_attempts: 0, claimed_until: null });
    await outboxEmpty(servers);
    await busy.stop();
  });

  it('publishes nothing that the same transaction has revoked', async () => {
    await process.dataSource.transaction(async (tx) => {
      await enqueue('revoked', tx);
      expect(await process.store.revoke(taskId('revoked'), false, false, tx)).toMatchObject({ answer: 'revoked' });
    });
    await process.store.enqueue([newTask('fence')]);
    await eventually(async () => (await taskRow(servers, 'fence'))?.published_at);
    expect((await takeMessages(servers)).map(({ id }) => id)).toEqual([taskId('fence')]);
  });

  it('does not read again what is certainly there', async () => {
    const other = process.dataSource.createQueryRunner();
    const client = (await other.connect()) as { query(sql: string): Promise<unknown> };
    let locked: Promise<unknown> | undefined;
    await process.dataSource.transaction(async (tx) => {
      await enqueue('certain', tx);
      // Waits for this transaction, and has the table to itself right after its COMMIT.
      locked = client.query('BEGIN; LOCK TABLE tasks.task IN ACCESS EXCLUSIVE MODE');
      await eventually(async () => (await waitingLocks()) > 0);
    });
    await locked;
    await eventually(async () => (await takeMessages(servers)).map(({ id }) => id).includes(taskId('certain')));
    await client.query('COMMIT');
    await other.release();
    await outboxEmpty(servers);
  });

  it('A3: treats domain events like tasks', async () => {
    await failing((tx) => process.store.publishLater([{ ...event, id: taskId('lost event') }], tx));
    await process.dataSource.transaction((tx) => process.store.publishLater([{ ...event, id: taskId('event') }], tx));
    // Of two outboxes, in whichever order.
    expect((await published()).sort()).toEqual([taskId('event'), taskId('fence')].sort());
  });

  it('publishes an event once whose id waits already', async () => {
    await process.dataSource.transaction(async (tx) => {
      await process.store.publishLater([{ ...event, id: taskId('event') }], tx);
      await process.store.publishLater([{ ...event, id: taskId('event') }], tx);
    });
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
    const { now } = performance;
    await other.dataSource.transaction(async (tx) => {
      await other.store.enqueue([newTask('slow transaction')], tx);
      jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 4_000);
      await tx.query(`UPDATE tasks.task SET claimed_until = clock_timestamp() WHERE id = $1`, [
        taskId('slow transaction'),
      ]);
    });
    jest.restoreAllMocks();
    await outboxEmpty(servers);
    await other.stop();
    expect(await takeMessages(servers)).toHaveLength(1);
    expect(await taskRow(servers, 'slow transaction')).toMatchObject({ publish_attempts: 2 });
  });
});
