import { createVhost, type TestVhost } from './vhost.js';

const workQueue = { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 };

describe('a vhost of a test', () => {
  let vhost: TestVhost;

  beforeAll(async () => {
    vhost = await createVhost();
  });

  afterAll(() => vhost.remove());

  it('has a URL that names it', () => {
    expect(new URL(vhost.amqpUrl).pathname).toBe(`/${vhost.name}`);
  });

  it('declares, binds, publishes and reads messages with their properties', async () => {
    const { management } = vhost;
    await management.declareExchange('tasks');
    await management.declareQueue('email', workQueue);
    await management.bind('tasks', 'email', 'email.#');
    const properties = { message_id: 'one', type: 'email.send', headers: { 'x-mh-attempt': 1 } };
    await expect(management.publish('tasks', 'email.x', { to: 'ж' }, properties)).resolves.toBe(true);
    await expect(management.publish('tasks', 'nobody', 'lost')).resolves.toBe(false);
    const [message] = await management.getMessages('email', 10, 'ack_requeue_false');
    expect(message).toMatchObject({ exchange: 'tasks', routingKey: 'email.x', properties, redelivered: false });
    expect(message?.json()).toEqual({ to: 'ж' });
    expect(message?.headers).toMatchObject({ 'x-mh-attempt': 1 });
  });

  it('carries bytes that are no text unchanged', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    await vhost.management.declareQueue('bytes');
    await vhost.management.publish('', 'bytes', bytes);
    const [message] = await vhost.management.getMessages('bytes');
    expect(message?.body).toEqual(bytes);
    expect(message?.properties).toEqual({});
  });

  it('waits for a count, purges and deletes queues', async () => {
    const { management } = vhost;
    await management.declareQueue('counted', workQueue);
    await management.publish('', 'counted', 'one');
    const queue = await management.waitForQueue('counted', ({ messages }) => messages === 1);
    expect(queue).toMatchObject({ type: 'quorum', durable: true, arguments: workQueue });
    await management.purge('counted');
    await management.waitForQueue('counted', ({ messages }) => messages === 0);
    await management.deleteQueue('counted');
    await expect(management.queue('counted')).resolves.toBeUndefined();
  });

  it('tells what a queue was like when waiting for it was in vain', async () => {
    const waiting = vhost.management.waitForQueue('absent', () => true, { timeoutSeconds: 0.1 });
    await expect(waiting).rejects.toThrow(/Waited 0.1 s for queue absent.*The queue was absent\./s);
  });

  it('lists exchanges, bindings and connections of its own alone', async () => {
    await vhost.management.declareExchange('listed');
    expect((await vhost.management.exchanges()).map(({ name }) => name)).toContain('listed');
    await vhost.management.declareQueue('listed');
    await vhost.management.bind('listed', 'listed', 'a.#');
    const bindings = await vhost.management.bindings();
    expect(bindings).toContainEqual(expect.objectContaining({ source: 'listed', routing_key: 'a.#' }));
    await expect(vhost.management.connections()).resolves.toEqual([]);
  });

  it('passes on why the broker refused', async () => {
    await expect(vhost.management.purge('absent')).rejects.toThrow(
      /answered 404 to DELETE queues\/.*\/absent\/contents/,
    );
  });

  it('has users that may do only what was allowed, and takes them with it', async () => {
    const other = await createVhost();
    const user = new URL(await other.createUser({ configure: '^$', write: 'tasks', read: '^$' }));
    const permissions = `permissions/${other.name}/${user.username}`;
    await expect(other.management.request('GET', permissions)).resolves.toMatchObject({
      configure: '^$',
      write: 'tasks',
    });
    await other.remove();
    await expect(vhost.management.request('GET', `users/${user.username}`)).rejects.toThrow('404');
    await expect(vhost.management.request('GET', `vhosts/${other.name}`)).rejects.toThrow('404');
  });
});
