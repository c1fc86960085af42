import { createHash, randomUUID } from 'node:crypto';
import { exchanges } from '@mentorhub/contracts';
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
import { ProblemAnswer } from '../problems/answers.js';
import { StatsAnswer } from './answers.js';

const apiKey = 'key-of-the-tests';

/** A gateway and the analytics service, as processes. */
describe('statistics over REST', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let gateway: ServiceProcess;
  let analytics: ServiceProcess;
  let today: string;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createDatabase({ template: 'all-schemas', migrate: migrateServices }),
      createVhost(),
    ]);
    const env = {
      DATABASE_URL: database.url,
      AMQP_URL: vhost.amqpUrl,
      PAYLOAD_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
      API_KEYS: `tests:${createHash('sha256').update(apiKey).digest('hex')}`,
      HOST: '127.0.0.1',
      ROLE: 'http',
    };
    const start = (name: string) => startService({ name, env });
    [gateway, analytics] = await Promise.all([start('api-gateway'), start('analytics-service')]);
    [{ today }] = (await database.query(
      `SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date::text AS today`,
    )) as unknown as [{ today: string }];
  });
  afterAll(async () => {
    await Promise.all([gateway?.kill(), analytics?.kill()]);
    await Promise.all([database?.remove(), vhost?.remove()]);
  });

  async function request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.httpUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
  const get = (query: string, headers: Record<string, string> = {}) =>
    request('GET', `/v1/stats/daily${query}`, undefined, headers);
  const create = async (path: string, body: object) =>
    JSON.parse((await request('POST', path, body)).text).id as string;

  it('show what was done over REST, as JSON and as CSV, with zeros for days without anything', async () => {
    const studentId = await create('/v1/users', { email: 'ann@example.com', username: 'ann' });
    const mentorId = await create('/v1/users', { email: 'bob@example.com', username: 'bob' });
    await create('/v1/courses', { title: 'Queues', mentorId });
    const startsAt = new Date(Date.now() + 86_400_000).toISOString();
    const session = await create('/v1/sessions', { studentId, mentorId, startsAt, durationMinutes: 60 });
    expect((await request('DELETE', `/v1/sessions/${session}`)).status).toBe(204);
    const mail = { run: 1, attempt: 1, kind: 'succeeded', at: `${today}T00:00:00Z`, name: 'email.send', version: 1 };
    const event = { taskId: randomUUID(), ...mail, queue: 'email', worker: 'w1' };
    // As a producer does that is told that no queue took its message.
    const publish = () => vhost.management.publish(exchanges.taskEvents, 'task-events.batch', [event]);
    await eventually(publish, { what: 'a queue to take the event' });

    const day = (text: string) => StatsAnswer.parse(JSON.parse(text)).items[1]!;
    const answer = await eventually(
      async () => {
        const found = await get(`?from=${dayBefore(today)}&to=${dayAfter(today)}`);
        // The service has been ready before its calls were heard.
        if (found.status !== 200) throw new Error(`${found.status}: ${found.text}`);
        const { newUsers, sessions, mails, coursesPublished } = day(found.text);
        const counted = newUsers + sessions.booked + sessions.cancelled + mails.sent + coursesPublished;
        if (counted !== 6) throw new Error(`So far ${found.text}`);
        return found;
      },
      { what: 'everything to be counted' },
    );
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { items } = StatsAnswer.parse(JSON.parse(answer.text));
    expect(items.map(({ date }) => date)).toEqual([dayBefore(today), today, dayAfter(today)]);
    expect(items[1]).toMatchObject({
      final: false,
      newUsers: 2,
      sessions: { booked: 1, cancelled: 1, held: 0 },
      coursesPublished: 1,
      mails: { sent: 1, failed: 0, byKind: { 'email.send': { sent: 1, failed: 0 } } },
    });
    expect(items[0]).toMatchObject({ newUsers: 0, mails: { sent: 0 } });

    const csv = await get(`?from=${today}&to=${today}`, { accept: 'text/csv' });
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv; charset=utf-8/);
    expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="daily-stats-${today}-${today}.csv"`);
    expect(csv.text.split('\r\n')[1]).toMatch(`${today},false,,2,1,1,0,1,1,0,`);
    expect((await get(`?from=${today}&to=${today}&format=csv`)).text).toBe(csv.text);
    const json = await get(`?from=${today}&to=${today}&format=json`, { accept: 'text/csv' });
    expect(json.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it.each([
    ['', ['/from', '/to']],
    ['?from=2025-11-22', ['/to']],
    ['?from=2025-11-22&to=2025-11-21', ['/to']],
    ['?from=2024-01-01&to=2025-01-01', ['/to']],
    ['?from=2025-02-30&to=2025-03-01', ['/from']],
    ['?from=0001-01-01&to=0001-01-01', ['/from', '/to']],
    ['?from=yesterday&to=2025-03-01', ['/from']],
    ['?from=2025-03-01&to=2025-03-01T00:00:00Z', ['/to']],
    ['?from=2025-03-01&to=2025-03-01&format=xml', ['/format']],
    ['?from=2025-03-01&to=2025-03-01&kind=users', ['/kind']],
  ])('refuse the query "%s" with 422 at its place', async (query, paths) => {
    const { status, text } = await get(query);
    expect(status).toBe(422);
    expect(ProblemAnswer.parse(JSON.parse(text)).errors?.map(({ path }) => path)).toEqual(paths);
  });

  it('need a key', async () => {
    expect((await get(`?from=${today}&to=${today}`, { authorization: '' })).status).toBe(401);
  });

  it('answer 503 with Retry-After while nobody answers for them', async () => {
    await analytics.kill();
    // Until the broker has noticed that the process is gone, the call waits in the queue of nobody: 504.
    const refused = await eventually(
      async () => {
        const answer = await get(`?from=${today}&to=${today}`);
        expect([503, 504]).toContain(answer.status);
        return answer.status === 503 && answer;
      },
      { what: 'the call to be returned' },
    );
    expect(refused.headers.get('retry-after')).toBe('5');
    ProblemAnswer.parse(JSON.parse(refused.text));
  });
});

const dayMs = 86_400_000;
const dayAfter = (day: string) => new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);
const dayBefore = (day: string) => new Date(Date.parse(day) - dayMs).toISOString().slice(0, 10);
