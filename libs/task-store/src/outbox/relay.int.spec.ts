import type { MessagePublisher } from '@mentorhub/messaging';
import { eventually, startTcpProxy } from '@mentorhub/testing';
import {
  awayPublisher,
  createServers,
  newTask,
  outboxEmpty,
  StoreProcess,
  takeMessages,
  taskId,
  taskRow,
  type Servers,
} from '../../test/store-process.js';
import { EventOutbox } from './event-outbox.js';
import type { Outbox } from './outbox.js';
import { TaskOutbox } from './task-outbox.js';

describe('A relay', () => {
  let servers: Servers;
  const running: StoreProcess[] = [];
  const start = async (options: Parameters<typeof StoreProcess.start>[1] = {}) => {
    const process = await StoreProcess.start(servers, options);
    running.push(process);
    return process;
  };
  const many = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => newTask(`${prefix} ${n}`));

  beforeEach(async () => {
    servers = await createServers();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((process) => process.stop()));
    await servers?.remove();
  });

  it('publishes each row once although three of them run', async () => {
    const inserting = await start({ publisher: awayPublisher, relay: false });
    await inserting.store.enqueue(many('row', 1_500));
    const relays = await Promise.all([start({ relay: false }), start({ relay: false }), start({ relay: false })]);
    for (const { store } of relays) store.relay.start();
    await outboxEmpty(servers);
    await Promise.all(relays.map(({ store }) => store.relay.stop()));
    const ids = (await takeMessages(servers)).map(({ id }) => id);
    expect(ids).toHaveLength(1_500);
    expect(new Set(ids).size).toBe(1_500);
  });

  it('leaves a row that its own process is publishing to that process', async () => {
    await start();
    const process = await start();
    for (let n = 0; n < 100; n += 1) await process.store.enqueue(many(`turn ${n}`, 5));
    await outboxEmpty(servers);
    expect(await takeMessages(servers)).toHaveLength(500);
  });

  it('C27: publishes a row that is due later, never early', async () => {
    const process = await start();
    for (let n = 0; n < 7; n += 1) {
      const [task] = await process.store.enqueue([newTask(`later ${n}`, { delaySeconds: 0.15 })]);
      expect(task?.state).toBe('scheduled');
      const row = await eventually(async () => {
        const found = await taskRow(servers, `later ${n}`);
        return found?.published_at ? found : undefined;
      });
      expect(row.published_at!.getTime()).toBeGreaterThanOrEqual(task!.dueAt.getTime());
    }
  });

  it('C27: looks several times before a row is due, and leaves it alone', async () => {
    const process = await start();
    const [task] = await process.store.enqueue([newTask('later', { delaySeconds: 2.5 })]);
    await outboxEmpty(servers);
    const row = await taskRow(servers, 'later');
    expect(row?.published_at?.getTime()).toBeGreaterThanOrEqual(task!.dueAt.getTime());
    expect(row?.publish_attempts).toBe(1);
  });

  it('C27: treats a past due time and a negative delay as now', async () => {
    const process = await start();
    const tasks = [newTask('past', { dueAt: new Date(0) }), newTask('negative', { delaySeconds: -5 })];
    const inserted = await process.store.enqueue(tasks);
    expect(inserted.map(({ state }) => state)).toEqual(['queued', 'queued']);
    await outboxEmpty(servers);
  });

  it('marks all others while somebody holds one row, and that one afterwards, so that each is published once', async () => {
    const held = Promise.withResolvers<void>();
    const publisher = (real: MessagePublisher): MessagePublisher => ({
      ready: true,
      hasRoom: true,
      crowded: false,
      publish: (message) => real.publish(message).then(() => held.promise),
    });
    const process = await start({ publisher });
    const holder = process.dataSource.createQueryRunner();
    await process.store.enqueue([newTask('held'), newTask('other')]);
    await holder.startTransaction();
    await holder.query(`SELECT FROM tasks.task WHERE id = $1 FOR UPDATE`, [taskId('held')]);
    held.resolve();
    await eventually(async () => (await taskRow(servers, 'other'))?.published_at);
    await holder.commitTransaction();
    await holder.release();
    await outboxEmpty(servers);
    expect((await takeMessages(servers)).map(({ id }) => id).sort()).toEqual([taskId('held'), taskId('other')].sort());
  });

  it('leaves a row alone that was leased again since it failed', async () => {
    const { dataSource, store } = await start({ publisher: awayPublisher, relay: false });
    const outbox = new TaskOutbox(dataSource, 'tasks', 'test');
    await store.enqueue([newTask('late')]);
    const [first] = await outbox.claim(1, 0);
    await servers.database.query(`UPDATE tasks.task SET claimed_until = NULL`);
    await outbox.claim(1, 0);
    await outbox.release([{ item: first!, reason: 'not confirmed', brokerAway: true }]);
    expect(await taskRow(servers, 'late')).toMatchObject({ publish_attempts: 2, publish_error: null });
  });

  it('leases no more bytes at once than a process can well hold, and one row however large', async () => {
    const { dataSource, store } = await start({ publisher: awayPublisher, relay: false });
    const mebibyte = 1024 * 1024;
    const event = { exchange: 'events', routingKey: 'large', name: 'large', headers: {} };
    const bytes = [20, ...Array.from({ length: 20 }, () => 1)];
    for (const [n, size] of bytes.entries())
      await store.enqueue([{ ...newTask(`large ${n}`), payload: Buffer.alloc(size * mebibyte) }]);
    for (const n of bytes.keys())
      await store.publishLater([
        { ...event, id: taskId(`large event ${n}`), body: Buffer.alloc(bytes[n]! * mebibyte) },
      ]);
    const outboxes: Outbox[] = [new TaskOutbox(dataSource, 'tasks', 'test'), new EventOutbox(dataSource, 'test')];
    for (const outbox of outboxes) {
      const sizes = async () => (await outbox.claim(500, 0)).map(({ message }) => message.body.length / mebibyte);
      expect(await sizes()).toEqual([20]);
      expect(await sizes()).toHaveLength(16);
      expect(await sizes()).toHaveLength(4);
    }
  });

  it('knows how long it may sleep', async () => {
    const { store, dataSource } = await start({ publisher: awayPublisher, relay: false });
    const outbox = new TaskOutbox(dataSource, 'tasks', 'test');
    expect(await outbox.secondsToNext()).toBeUndefined();
    const began = performance.now();
    const expectSeconds = (left: number | undefined, of: number) => {
      expect(left).toBeLessThanOrEqual(of);
      expect(left).toBeGreaterThanOrEqual(of - (performance.now() - began) / 1000);
    };
    await store.enqueue([newTask('in ten', { delaySeconds: 10 }), newTask('in twenty', { delaySeconds: 20 })]);
    expectSeconds(await outbox.secondsToNext(), 10);
    await servers.database.query(
      `UPDATE tasks.task SET claimed_until = clock_timestamp() + interval '30 s' WHERE id = $1`,
      [taskId('in ten')],
    );
    expectSeconds(await outbox.secondsToNext(), 20);
  });

  it('A5: keeps what is enqueued while the broker is away and publishes all of it once it is back', async () => {
    const proxy = await startTcpProxy(servers.vhost.amqpUrl);
    const process = await start({ amqpUrl: proxy.url });
    await process.broker.untilReady();
    await proxy.refuse();
    await eventually(() => !process.broker.publisher.ready);
    await process.store.enqueue(many('kept', 50));
    expect((await taskRow(servers, 'kept 49'))?.published_at).toBeNull();
    await proxy.resume();
    await outboxEmpty(servers);
    expect(new Set((await takeMessages(servers)).map(({ id }) => id)).size).toBe(50);
    expect(await taskRow(servers, 'kept 0')).toMatchObject({ publish_attempts: 1 });
    await process.stop();
    await proxy.close();
  });

  it('does not count an attempt that failed because the broker went away', async () => {
    const proxy = await startTcpProxy(servers.vhost.amqpUrl);
    const process = await start({ amqpUrl: proxy.url });
    await process.broker.untilReady();
    proxy.stall();
    await process.store.enqueue([newTask('cut off')]);
    proxy.cut();
    await eventually(async () => (await taskRow(servers, 'cut off'))?.publish_error, { what: 'the failed publish' });
    expect((await taskRow(servers, 'cut off'))?.publish_attempts).toBe(0);
    await proxy.resume();
    await outboxEmpty(servers);
    expect((await taskRow(servers, 'cut off'))?.publish_attempts).toBe(1);
    await process.stop();
    await proxy.close();
  });

  it('goes on after the database was away', async () => {
    const proxy = await startTcpProxy(servers.database.url);
    const process = await start({ databaseUrl: proxy.url });
    await proxy.refuse();
    const other = await start({ publisher: awayPublisher, relay: false });
    await other.store.enqueue([newTask('meanwhile')]);
    await expect(process.dataSource.query('SELECT 1')).rejects.toThrow();
    await proxy.resume();
    await outboxEmpty(servers);
    await process.stop();
    await proxy.close();
  });

  it('stops twice without harm, and leaves nothing half done', async () => {
    const process = await start();
    await process.store.enqueue(many('last', 400));
    const countSql = `SELECT count(*)::integer AS count FROM tasks.task WHERE published_at IS NOT NULL`;
    await eventually(async () => (await servers.database.query(countSql))[0]?.['count'] !== 0, {
      intervalMilliseconds: 1,
    });
    await Promise.all([process.store.relay.stop(), process.store.relay.stop()]);
    await process.store.relay.stop();
    await process.dataSource.destroy(); // whatever still wanted to mark a row would fail
    const [published] = await servers.database.query(countSql);
    expect(await takeMessages(servers)).toHaveLength(400);
    expect(published).toEqual({ count: 400 });
  });
});
