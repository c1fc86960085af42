import {
  createDatabase,
  createVhost,
  eventually,
  migrateServices,
  startService,
  type ServiceProcess,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { createHash } from 'node:crypto';

const apiKey = 'key-of-the-tests';
const task = 'accounts.cleanup-expired-tokens';

/** A gateway and two schedulers, as processes. */
describe('schedules from end to end', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let gateway: ServiceProcess;
  const schedulers: ServiceProcess[] = [];
  const env = () => ({
    DATABASE_URL: database.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
    API_KEYS: `tests:${createHash('sha256').update(apiKey).digest('hex')}`,
    HOST: '127.0.0.1',
    ROLE: 'http',
  });
  const start = (name: string) => startService({ name, env: env() });

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createDatabase({ template: 'all-schemas', migrate: migrateServices }),
      createVhost(),
    ]);
    const started = await Promise.all(['api-gateway', 'scheduler-service', 'scheduler-service'].map(start));
    gateway = started[0]!;
    schedulers.push(...started.slice(1));
  });
  afterAll(async () => {
    await Promise.all([gateway, ...schedulers].map((service) => service?.kill()));
    await Promise.all([database?.remove(), vhost?.remove()]);
  });

  async function request(method: string, path = '', body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.httpUrl}/v1/schedules${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
  const countTasks = async (): Promise<number> =>
    Number((await database.query('SELECT count(*) FROM tasks.task WHERE name = $1', [task]))[0]?.['count']);

  it('E42: are created, fire, are paused, survive a restart of all schedulers, and are deleted', async () => {
    const created = await eventually(
      async () => {
        const answer = await request('POST', '', { name: 'each-second', task, every: 1 });
        return answer.status === 201 && answer;
      },
      { what: 'the scheduler to answer' },
    );
    await eventually(async () => (await countTasks()) >= 2, { what: 'two firings' });
    const tag = created.headers.get('etag')!;
    expect((await request('PATCH', '/each-second', { enabled: false }, { 'if-match': tag })).status).toBe(200);
    expect((await request('PATCH', '/each-second', { enabled: true }, { 'if-match': tag })).status).toBe(412);
    const paused = await countTasks();
    await Promise.all(schedulers.map((scheduler) => scheduler.kill()));
    // A call that is made before the broker has noticed is not answered in time: 504.
    await eventually(async () => (await request('GET', '/each-second')).status === 503, { what: 'nobody to ask' });
    await Promise.all(schedulers.map((scheduler) => scheduler.restart()));
    const again = await eventually(
      async () => {
        const answer = await request('GET', '/each-second');
        return answer.status === 200 && answer;
      },
      { what: 'the scheduler to answer again' },
    );
    expect(again.body).toMatchObject({ enabled: false, nextFiring: null });
    expect(await countTasks()).toBe(paused);
    const run = await request('POST', '/each-second/run');
    expect(run.status).toBe(202);
    expect(await countTasks()).toBe(paused + 1);
    expect((await request('DELETE', '/each-second')).status).toBe(204);
    expect((await request('GET', '/each-second')).status).toBe(404);
  });

  it('E42: are refused with the field of the expression that cannot be read', async () => {
    const refused = await request('POST', '', { name: 'bad', task, cron: '0 25 * * *' });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toEqual([{ path: '/cron', message: 'field 2, the hour, is "25"; it takes 0 to 23' }]);
  });

  it('E43: begin with the defaults, and preview their firings', async () => {
    const { body } = await request('GET');
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual([
      'cleanup-expired-tokens-daily',
      'generate-daily-stats',
      'send-session-reminders-hourly',
    ]);
    const preview = await request('GET', '/generate-daily-stats/preview?from=2030-01-01T00:00:00Z&count=2');
    expect(preview.body).toEqual({ firings: ['2030-01-01T01:00:00.000Z', '2030-01-02T01:00:00.000Z'] });
  });
});
