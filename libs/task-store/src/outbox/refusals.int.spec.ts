import { eventually, startTcpProxy } from '@mentorhub/testing';
import {
  createServers,
  expireLeases,
  newTask,
  outboxEmpty,
  StoreProcess,
  takeMessages,
  taskId,
  taskRow,
  type Servers,
} from '../../test/store-process.js';

describe('A publish that the broker does not take', () => {
  let servers: Servers;
  let process: StoreProcess;

  beforeAll(async () => {
    servers = await createServers();
    await servers.database.query(`
      CREATE TABLE public.refusal (task_id uuid, attempts integer, pause float8);
      CREATE FUNCTION public.note_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO public.refusal VALUES (NEW.id, NEW.publish_attempts, extract(epoch FROM NEW.claimed_until - clock_timestamp()));
        RETURN NEW;
      END $$;
      CREATE TRIGGER note_refusal BEFORE UPDATE OF publish_error ON tasks.task FOR EACH ROW WHEN (NEW.publish_error IS NOT NULL)
        EXECUTE FUNCTION public.note_refusal()`);
    process = await StoreProcess.start(servers);
  });

  afterAll(async () => {
    await process?.stop();
    await servers?.remove();
  });

  const tried = (name: string, times: number) =>
    eventually(
      async () => {
        const row = await taskRow(servers, name);
        return row?.publish_error && row.publish_attempts >= times ? row : undefined;
      },
      { what: `${times} attempts for ${name}` },
    );

  /** How long each refused attempt was to wait for the next, in seconds, as PostgreSQL saw it at that moment. */
  const pausesOf = async (name: string): Promise<number[]> => {
    const sql = `SELECT pause FROM public.refusal WHERE task_id = $1 ORDER BY attempts`;
    return (await servers.database.query(sql, [taskId(name)])).map(({ pause }) => Number(pause));
  };
  const expectPause = (pause: number | undefined, seconds: number) => {
    expect(pause).toBeGreaterThan(seconds / 2);
    expect(pause).toBeLessThanOrEqual(seconds);
  };

  const bindNewQueue = async (name: string, queueArguments: Record<string, unknown> = {}) => {
    await servers.vhost.management.declareQueue(name, queueArguments);
    await servers.vhost.management.bind('tasks', name, `${name}.#`);
  };

  it('A6: returned as unroutable, is tried again with a growing pause until a queue is there', async () => {
    await process.store.enqueue([newTask('nowhere', { queue: 'missing' })]);
    const refused = await tried('nowhere', 2);
    expect(refused).toMatchObject({ state: 'queued', published_at: null });
    expect(refused.publish_error).toContain(
      'No queue took the message to exchange "tasks" with routing key "missing.example.do"',
    );
    await bindNewQueue('missing');
    await outboxEmpty(servers);
    const pauses = await pausesOf('nowhere');
    pauses.forEach((pause, n) => expectPause(pause, 2 ** n));
    expect(await taskRow(servers, 'nowhere')).toMatchObject({
      publish_error: null,
      publish_attempts: pauses.length + 1,
    });
    expect(await takeMessages(servers, 'missing')).toEqual([{ id: taskId('nowhere'), run: 1, attempt: 1 }]);
  });

  it('A6: is never tried less often than once a minute', async () => {
    await process.store.enqueue([newTask('stuck', { queue: 'lost' })]);
    await tried('stuck', 1);
    await servers.database.query(
      `UPDATE tasks.task SET publish_attempts = 1000, claimed_until = NULL, publish_error = NULL WHERE id = $1`,
      [taskId('stuck')],
    );
    await tried('stuck', 1001);
    expectPause((await pausesOf('stuck')).at(-1), 60);
    await bindNewQueue('lost');
    await expireLeases(servers);
    await outboxEmpty(servers);
  });

  it('A6: nacked by a full queue, goes out when there is room', async () => {
    await bindNewQueue('full', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    await process.store.enqueue([newTask('fits', { queue: 'full' })]);
    await outboxEmpty(servers);
    await process.store.enqueue([newTask('too many', { queue: 'full' })]);
    const row = await tried('too many', 1);
    expect(row.publish_error).toContain('RabbitMQ refused the message');
    expect(await takeMessages(servers, 'full')).toHaveLength(1);
    await outboxEmpty(servers);
    expect(await takeMessages(servers, 'full')).toEqual([{ id: taskId('too many'), run: 1, attempt: 1 }]);
  });

  it('A6: not confirmed in time, is published again', async () => {
    const proxy = await startTcpProxy(servers.vhost.amqpUrl);
    const slow = await StoreProcess.start(servers, { amqpUrl: proxy.url, publishing: { confirmTimeoutSeconds: 0.3 } });
    await slow.broker.untilReady();
    await process.store.relay.stop();
    proxy.stall();
    await slow.store.enqueue([newTask('unconfirmed')]);
    expect((await tried('unconfirmed', 1)).publish_error).toContain('did not confirm the message within 0.3 s');
    await proxy.resume();
    await outboxEmpty(servers);
    await slow.stop();
    await proxy.close();
    const ids = new Set((await takeMessages(servers)).map(({ id }) => id));
    expect([...ids]).toEqual([taskId('unconfirmed')]);
    expect((await taskRow(servers, 'unconfirmed'))?.publish_attempts).toBeGreaterThan(1);
  });
});

describe('A domain event', () => {
  it('A6: that nobody subscribes to is no fault and leaves the outbox', async () => {
    const servers = await createServers();
    const process = await StoreProcess.start(servers);
    const event = {
      id: taskId('event'),
      exchange: 'events',
      routingKey: 'nobody.cares',
      name: 'nobody.cares',
      body: Buffer.from('{}'),
      headers: {},
    };
    await process.store.publishLater([event]);
    await outboxEmpty(servers);
    await process.stop();
    await servers.remove();
  });
});
