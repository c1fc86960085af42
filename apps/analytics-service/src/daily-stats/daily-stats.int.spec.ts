import { randomUUID } from 'node:crypto';
import { exchanges, streams, UserRegistered } from '@mentorhub/contracts';
import { startService, type RunningService } from '@mentorhub/service';
import { taskHeaders } from '@mentorhub/task-store';
import {
  createDatabase,
  createVhost,
  eventually,
  eventuallyPasses,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { analyticsService } from '../analytics-service.js';
import { migrateDatabase } from '../database/migrate-database.js';

let database: TestDatabase;
let vhost: TestVhost;
let service: RunningService;

function registered(registeredAt: string, eventId = randomUUID()) {
  const payload = { userId: randomUUID(), registeredAt };
  const properties = {
    message_id: eventId,
    type: UserRegistered.name,
    content_type: 'application/json',
    headers: { [taskHeaders.version]: UserRegistered.version },
  };
  return vhost.management.publish(exchanges.events, UserRegistered.name, payload, properties);
}

const counts = () =>
  database.query<{ day: string; count: number }>(
    `SELECT day::text, kind, count::integer FROM analytics.daily_count ORDER BY day`,
  );

beforeAll(async () => {
  vhost = await createVhost();
  database = await createDatabase({ template: 'analytics', migrate: async (url) => void (await migrateDatabase(url)) });
  const env = {
    DATABASE_URL: database.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    LOG_LEVEL: 'silent',
    QUEUES: streams.analyticsEvents,
  };
  service = await startService(analyticsService(env));
  await eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });
});
afterEach(() => database.query('TRUNCATE analytics.daily_count'));
afterAll(async () => {
  await service.stop();
  await database.remove();
  await vhost.remove();
});

describe('the daily statistics', () => {
  it('count a registration on the UTC day on which it happened, whenever and in whatever order they are heard of', async () => {
    await registered('2026-11-23T00:00:00.000Z');
    await registered('2026-11-22T23:59:59.999Z');
    await registered('2026-03-29T01:30:00Z');
    await registered('2026-11-22T00:00:00.000Z');
    await eventuallyPasses(async () =>
      expect(await counts()).toEqual([
        { day: '2026-03-29', kind: 'users-registered', count: 1 },
        { day: '2026-11-22', kind: 'users-registered', count: 2 },
        { day: '2026-11-23', kind: 'users-registered', count: 1 },
      ]),
    );
  });

  it('B17: count an event once although it comes three times', async () => {
    const eventId = randomUUID();
    for (let n = 0; n < 3; n++) await registered('2026-11-22T12:00:00Z', eventId);
    await registered('2026-11-24T12:00:00Z');
    await eventuallyPasses(async () => expect((await counts()).map(({ day }) => day)).toContain('2026-11-24'));
    await vhost.management.waitForQueue(streams.analyticsEvents, ({ messages }) => messages === 0);
    expect((await counts()).map(({ count }) => count)).toEqual([1, 1]);
  });

  it('count every one of many that come at the same moment', async () => {
    await Promise.all(Array.from({ length: 100 }, () => registered('2026-11-22T12:00:00Z')));
    await eventuallyPasses(async () => expect(await counts()).toMatchObject([{ count: 100 }]));
  });

  it('B21: go on after an event whose payload does not fit', async () => {
    await registered('yesterday');
    await registered('2026-11-22T12:00:00Z');
    await eventuallyPasses(async () => expect(await counts()).toMatchObject([{ count: 1 }]));
    await vhost.management.waitForQueue(streams.deadLetters, ({ messages }) => messages === 1);
  });
});
