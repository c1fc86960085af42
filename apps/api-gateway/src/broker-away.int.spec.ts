import {
  createVhost,
  eventually,
  startTcpProxy,
  testServerUrl,
  type TcpProxy,
  type TestVhost,
} from '@mentorhub/testing';
import { createGatewayDatabase, startGateway, type RunningGateway } from '../test/running-gateway.js';

const task = { task: 'email.send', payload: { to: 'ann@example.com', subject: 'Hello', content: 'Hello Ann' } };

const readiness = async ({ service }: RunningGateway) =>
  (await fetch(`http://127.0.0.1:${service.operationsPort}/health/ready`)).status;

describe('a gateway without its broker', () => {
  let vhost: TestVhost;
  let proxy: TcpProxy;
  let gateway: RunningGateway;

  beforeAll(async () => {
    vhost = await createVhost();
    proxy = await startTcpProxy(vhost.amqpUrl);
    await proxy.refuse();
    gateway = await startGateway({ AMQP_URL: proxy.url });
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.close();
    await vhost.remove();
  });

  it('A5, D37: accepts, shows the task and stays ready while the broker is down, and publishes when it is back', async () => {
    const accepted = await gateway.request('POST', '/v1/tasks', task);

    expect(accepted.status).toBe(202);
    expect((await gateway.request('GET', `/v1/tasks/${accepted.json.id}`)).json).toMatchObject({
      state: 'queued',
      publishedAt: null,
    });
    expect(await readiness(gateway)).toBe(200);

    await proxy.resume();
    const published = await eventually(
      async () => (await gateway.request('GET', `/v1/tasks/${accepted.json.id}`)).json.publishedAt,
      {
        what: 'the task to be published',
      },
    );
    expect(Date.parse(published)).toBeGreaterThan(0);
    const [message] = await eventually(async () => {
      const messages = await vhost.management.getMessages('email', 10);
      return messages.length > 0 && messages;
    });
    expect(message?.properties).toMatchObject({ message_id: accepted.json.id, type: 'email.send', delivery_mode: 2 });
  });
});

describe('a gateway without its database', () => {
  let proxy: TcpProxy;
  let gateway: RunningGateway;

  beforeAll(async () => {
    proxy = await startTcpProxy(testServerUrl('TEST_DATABASE_URL').href);
    const database = await createGatewayDatabase();
    const url = Object.assign(new URL(proxy.url), { pathname: `/${database.name}` }).href;
    gateway = await startGateway({ DATABASE_URL: url }, database);
  });
  afterAll(async () => {
    await proxy.resume();
    await gateway.stop();
    await proxy.close();
  });

  it('A5, D37: answers 503 with Retry-After, never a 202, is not ready, and recovers by itself', async () => {
    expect((await gateway.request('POST', '/v1/tasks', task)).status).toBe(202);
    await proxy.refuse();

    const requests = [
      gateway.request('POST', '/v1/tasks', task),
      gateway.request('POST', '/v1/tasks', task, { 'idempotency-key': 'away' }),
      gateway.request('POST', '/v1/users', { email: 'ann@example.com', username: 'ann' }),
      gateway.request('POST', '/v1/password-resets', { email: 'ann@example.com' }),
      gateway.request('POST', '/v1/password-resets/confirm', { token: 'unknown', password: 'long enough' }),
      gateway.request('GET', '/v1/tasks/00000000-0000-4000-8000-000000000000'),
    ];
    for (const answer of await Promise.all(requests)) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.text).not.toContain('ECONNREFUSED');
    }
    await eventually(async () => (await readiness(gateway)) === 503, { what: 'readiness to end' });
    // Bad input needs no database to be refused.
    expect((await gateway.request('POST', '/v1/tasks', { task: 'none' })).status).toBe(422);

    await proxy.resume();
    await eventually(
      async () => (await gateway.request('POST', '/v1/tasks', task, { 'idempotency-key': 'away' })).status === 202,
      {
        what: 'tasks to be accepted again',
      },
    );
    await eventually(async () => (await readiness(gateway)) === 200, { what: 'readiness' });
  });
});

describe('a gateway whose database takes no writes', () => {
  let database: Awaited<ReturnType<typeof createGatewayDatabase>>;
  let gateway: RunningGateway;

  beforeAll(async () => {
    database = await createGatewayDatabase();
    gateway = await startGateway({}, database);
  });
  afterAll(() => gateway.stop());

  /** As a fail-over does that ends in a standby: connections are lost, and new ones take no writes. */
  async function setReadOnly(on: boolean): Promise<void> {
    const change = `ALTER DATABASE ${database.name} SET default_transaction_read_only = ${on}`;
    await database.query(`BEGIN READ WRITE; ${change}; COMMIT`);
    const others = 'datname = current_database() AND pid <> pg_backend_pid()';
    if (on) await database.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${others}`);
  }

  it('A5, D37: takes it for one that does not answer, is not ready, and recovers by itself', async () => {
    expect((await gateway.request('POST', '/v1/tasks', task)).status).toBe(202);
    await setReadOnly(true);
    for (let n = 0; n < 3; n += 1) {
      const answer = await gateway.request('POST', '/v1/tasks', task);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.json.detail).toBe('The database does not answer. Nothing was accepted; try again.');
    }
    await eventually(async () => (await readiness(gateway)) === 503, { what: 'readiness to end' });
    await setReadOnly(false);
    await eventually(async () => (await gateway.request('POST', '/v1/tasks', task)).status === 202);
    await eventually(async () => (await readiness(gateway)) === 200, { what: 'readiness' });
  });
});
