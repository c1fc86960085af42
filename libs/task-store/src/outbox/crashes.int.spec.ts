import { eventually } from '@mentorhub/testing';
import {
  awayPublisher,
  createServers,
  deadPublisher,
  expireLeases,
  newTask,
  outboxEmpty,
  publisherDyingAfterConfirm,
  StoreProcess,
  takeMessages,
  taskId,
  taskRow,
  type Servers,
} from '../../test/store-process.js';

describe('A process that dies', () => {
  let servers: Servers;

  beforeEach(async () => {
    servers = await createServers();
  });

  afterEach(() => servers?.remove());

  /** Inserts in a process that ends as `publisher` says; it is never stopped in order. */
  async function dyingWith(publisher: Parameters<typeof StoreProcess.start>[1]): Promise<StoreProcess> {
    const process = await StoreProcess.start(servers, { ...publisher, relay: false });
    await process.store.enqueue([newTask('orphan')]);
    return process;
  }

  it('A3: between commit and publish leaves its task to another relay, once its lease is over', async () => {
    const dead = await dyingWith({ publisher: deadPublisher });
    const alive = await StoreProcess.start(servers);
    await alive.store.enqueue([newTask('other')]);
    await eventually(async () => (await taskRow(servers, 'other'))?.published_at);
    expect(await taskRow(servers, 'orphan')).toMatchObject({ published_at: null, publish_attempts: 1 });
    expect((await taskRow(servers, 'orphan'))?.lease_seconds).toBeGreaterThan(0);
    await expireLeases(servers);
    await outboxEmpty(servers);
    await alive.stop();
    expect((await takeMessages(servers)).map(({ id }) => id)).toEqual([taskId('other'), taskId('orphan')]);
    await dead.broker.close();
    await dead.dataSource.destroy();
  });

  it('A3: between commit and publish, having had no broker, leaves its task to another relay at once', async () => {
    const dead = await dyingWith({ publisher: awayPublisher });
    expect(await taskRow(servers, 'orphan')).toMatchObject({ publish_attempts: 0, lease_seconds: null });
    const alive = await StoreProcess.start(servers);
    await outboxEmpty(servers);
    await alive.stop();
    expect(await takeMessages(servers)).toHaveLength(1);
    await dead.stop();
  });

  it('A3: between confirm and mark makes its task go out again with the same id, run and attempt', async () => {
    const dead = await dyingWith({ publisher: publisherDyingAfterConfirm });
    await servers.vhost.management.waitForQueue('work', ({ messages }) => messages === 1);
    expect(await taskRow(servers, 'orphan')).toMatchObject({ published_at: null });
    await expireLeases(servers);
    const alive = await StoreProcess.start(servers);
    await outboxEmpty(servers);
    await alive.stop();
    const message = { id: taskId('orphan'), run: 1, attempt: 1 };
    expect(await takeMessages(servers)).toEqual([message, message]);
    await dead.broker.close();
    await dead.dataSource.destroy();
  });
});
