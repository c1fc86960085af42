import { randomUUID } from 'node:crypto';
import { exchanges, streams } from '@mentorhub/contracts';
import { metricsText } from '@mentorhub/metrics';
import { startService, type RunningService } from '@mentorhub/service';
import { taskEventId, type TaskEvent } from '@mentorhub/task-store';
import {
  createDatabase,
  createVhost,
  eventually,
  eventuallyPasses,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { analyticsService } from '../analytics-service.js';
import { migrateDatabase } from '../database/migrate-database.js';

let database: TestDatabase;
let vhost: TestVhost;
let proxy: TcpProxy;
let service: RunningService | undefined;

async function start(): Promise<RunningService> {
  const env = {
    DATABASE_URL: proxy.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    LOG_LEVEL: 'silent',
    INSTANCE_NAME: 'analytics-under-test',
  };
  service = await startService(analyticsService(env));
  await eventually(async () => (await service?.health.report())?.status === 'ok', { what: 'readiness' });
  return service;
}

const stop = async () => {
  await service?.stop();
  service = undefined;
};

function eventOf(taskId: string, kind: TaskEvent['kind'], more: Partial<TaskEvent> = {}): TaskEvent {
  const { run = 1, attempt = 1 } = more;
  const at = new Date().toISOString();
  return { taskId, run, attempt, kind, at, name: 'email.send', version: 1, queue: 'email', worker: 'w1', ...more };
}

const tell = (body: unknown) => vhost.management.publish(exchanges.taskEvents, 'task-events.batch', body);
const taskOf = async (id: string) => (await database.query('SELECT * FROM tasks.task WHERE id = $1', [id]))[0];
const kindsOf = async (id: string) =>
  (
    await database.query<{ kind: string }>('SELECT kind FROM tasks.task_event WHERE task_id = $1 ORDER BY kind', [id])
  ).map(({ kind }) => kind);
const letters = () =>
  database.query<{ reason: string; queue: string; body: Buffer; error: { message: string } }>(
    'SELECT * FROM tasks.dead_letter',
  );
const untilDrained = () => vhost.management.waitForQueue(streams.taskEvents, ({ messages }) => messages === 0);

beforeAll(async () => {
  vhost = await createVhost();
  database = await createDatabase({
    template: 'analytics',
    migrate: async (url) => void (await migrateDatabase(url)),
  });
  proxy = await startTcpProxy(database.url);
  await start();
});
afterEach(async () => {
  if (!service) await start();
  const tables =
    'tasks.task, tasks.task_event, tasks.dead_letter, tasks.inbox, tasks.revocation, analytics.counted_mail';
  // The service may be writing at this moment: the broker says late that its queue was not empty yet, and then the two dead-lock.
  await eventually(async () => Boolean(await database.query(`TRUNCATE ${tables}`)), { what: 'empty tables' });
});
afterAll(async () => {
  await stop();
  await proxy.close();
  await database.remove();
  await vhost.remove();
});

describe('the history of tasks', () => {
  it('G51: shows one state and each event once, although events come twice and out of order', async () => {
    const taskId = randomUUID();
    const startedAt = new Date(Date.now() - 1000).toISOString();
    const started = eventOf(taskId, 'started', { at: startedAt, startedAt });
    const succeeded = eventOf(taskId, 'succeeded', {
      startedAt,
      waitSeconds: 0.1,
      runSeconds: 1,
      result: { messageId: 'm1' },
    });
    await tell([succeeded]);
    await eventually(() => taskOf(taskId), { what: 'the task' });
    await tell([started, succeeded]);
    // Workers of before told the id of an event, too.
    await tell([{ ...started, id: taskEventId(started) }]);
    await tell([succeeded, started, started]);
    await eventuallyPasses(async () => expect(await kindsOf(taskId)).toEqual(['started', 'succeeded']));
    await untilDrained();
    expect(await kindsOf(taskId)).toEqual(['started', 'succeeded']);
    expect(await taskOf(taskId)).toMatchObject({
      state: 'succeeded',
      name: 'email.send',
      worker: 'w1',
      result: { messageId: 'm1' },
    });
    expect((await metricsText()).body).toMatch(/analytics_ingest_lag_seconds_count [1-9]/);
  });

  it('shows how long the oldest task of each type has waited to be run and to be published', async () => {
    await database.query(
      `INSERT INTO tasks.task (id, name, version, queue, state, due_at) VALUES ($1, 'email.send', 1, 'email', 'queued', now() - interval '100 s')`,
      [randomUUID()],
    );
    await stop();
    await start();
    const body = (await metricsText()).body;
    expect(body).toMatch(/task_oldest_pending_age_seconds\{task="email.send"\} 1\d\d/);
    expect(body).toMatch(/relay_due_rows 1/);
    expect(body).toMatch(/relay_oldest_due_age_seconds 1\d\d/);
  });

  it('deletes what nobody can ask for any more, however much has gathered, and nothing else', async () => {
    const rows = 12_000;
    for (const age of ['40 days', '1 day']) {
      await database.query(
        `INSERT INTO tasks.inbox (task_id, run, attempt, state, updated_at)
         SELECT gen_random_uuid(), 1, 1, 'succeeded', now() - $2::interval FROM generate_series(1, $1)`,
        [rows, age],
      );
      await database.query(
        `INSERT INTO tasks.revocation (task_id, run, terminate, light, expires_at)
         SELECT gen_random_uuid(), 1, false, true, now() + interval '7 days' - $2::interval FROM generate_series(1, $1)`,
        [rows, age],
      );
      await database.query(
        `INSERT INTO analytics.counted_mail SELECT gen_random_uuid(), now() - $2::interval FROM generate_series(1, $1)`,
        [rows, age],
      );
    }
    const count = async (table: string) =>
      Number((await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]?.n);
    const counts = () => Promise.all(['tasks.inbox', 'tasks.revocation', 'analytics.counted_mail'].map(count));
    await stop();
    await start();
    await eventuallyPasses(async () => expect(await counts()).toEqual([rows, rows, rows]));
  });

  it('keeps the newer run whatever an older one tells later', async () => {
    const taskId = randomUUID();
    await tell([eventOf(taskId, 'started', { run: 2 })]);
    await tell([eventOf(taskId, 'failed', { run: 1, error: { name: 'Error', message: 'the run before' } })]);
    await eventuallyPasses(async () => expect(await kindsOf(taskId)).toHaveLength(2));
    expect(await taskOf(taskId)).toMatchObject({ state: 'started', run: 2, error: null });
  });

  it.each([
    ['upper case', randomUUID().toUpperCase()],
    ['no version that RFC 9562 knows', randomUUID().replace(/^(.{14})4(.{4})./, '$1f$20')],
  ])('knows tasks whose ids are of %s', async (_, taskId) => {
    await tell([eventOf(taskId, 'succeeded')]);
    await eventually(() => taskOf(taskId), { what: 'the task' });
    expect(await letters()).toEqual([]);
  });

  it('parks the one event that PostgreSQL refuses and projects all others of its batch', async () => {
    const ids = Array.from({ length: 40 }, () => randomUUID());
    const events = ids.map((id, n) => eventOf(id, 'succeeded', n === 17 ? { worker: 'a\0b' } : {}));
    await tell(events.slice(0, 20));
    await tell(events.slice(20));
    const [letter] = await eventually(async () => ((await letters()).length ? letters() : undefined), {
      what: 'the culprit',
    });
    expect(letter).toMatchObject({ reason: 'refused', queue: streams.taskEvents });
    expect(JSON.parse(letter!.body.toString())).toEqual([events[17]]);
    await eventuallyPasses(async () => expect(await database.query('SELECT 1 FROM tasks.task')).toHaveLength(39));
    await untilDrained();
    expect((await metricsText()).body).toContain('dead_letters_total{task="task-events",reason="refused"} 1');
  });

  it('parks what is no batch of events, byte for byte, and goes on', async () => {
    const garbage = Buffer.from([0x5b, 0xff, 0xfe, 0x00, 0x01]);
    const taskId = randomUUID();
    await tell(garbage);
    await tell('{"not": "a batch"}');
    await tell([eventOf(taskId, 'succeeded')]);
    await eventuallyPasses(async () => expect(await letters()).toHaveLength(2));
    expect((await letters()).map(({ body }) => body)).toContainEqual(garbage);
    expect(new Set((await letters()).map(({ reason }) => reason))).toEqual(new Set(['undecodable']));
    await eventually(() => taskOf(taskId), { what: 'the task told of afterwards' });
  });

  it('parks only the events of a batch that cannot be read', async () => {
    const taskId = randomUUID();
    const ofTomorrow = { ...eventOf(randomUUID(), 'started'), kind: 'suspended' };
    await tell([ofTomorrow, eventOf(taskId, 'succeeded')]);
    await eventually(() => taskOf(taskId), { what: 'the readable one' });
    const [letter] = await eventually(async () => ((await letters()).length ? letters() : undefined), {
      what: 'the other one',
    });
    expect(JSON.parse(letter!.body.toString())).toEqual([ofTomorrow]);
    expect(letter!.error.message).toContain('kind');
  });

  it('parks an event whose result is nested too deep to be written, and goes on', async () => {
    const depth = 200_000;
    const deep = JSON.stringify([eventOf(randomUUID(), 'succeeded', { result: 'deep' })]);
    const taskId = randomUUID();
    await tell(deep.replace('"deep"', `${'['.repeat(depth)}${']'.repeat(depth)}`));
    await tell([eventOf(taskId, 'succeeded')]);
    await eventually(() => taskOf(taskId), { what: 'the task told of afterwards' });
    await eventuallyPasses(async () => expect(await letters()).toHaveLength(1));
    expect((await letters())[0]!.body.length).toBeGreaterThan(2 * depth);
  });

  it('loses nothing while its connections to PostgreSQL are killed again and again', async () => {
    let [told, killed] = [0, 0];
    for (; told < 2_000 || killed < 5; told += 20) {
      await tell(Array.from({ length: 20 }, () => eventOf(randomUUID(), 'succeeded')));
      killed += await killConnections();
      expect(told).toBeLessThan(20_000);
    }
    const count = async () =>
      Number((await database.query<{ n: string }>('SELECT count(*) AS n FROM tasks.task_event'))[0]?.n);
    await eventuallyPasses(async () => expect(await count()).toBe(told));
    expect(await letters()).toEqual([]);
    await untilDrained();
  });

  it('D36: keeps everything in the queue while PostgreSQL is away, is not ready, and resumes by itself', async () => {
    const ids = Array.from({ length: 200 }, () => randomUUID());
    await proxy.refuse();
    for (const id of ids) await tell([eventOf(id, 'succeeded')]);
    await eventually(async () => (await service?.health.report())?.status === 'down', { what: 'readiness to fall' });
    await vhost.management.waitForQueue(
      streams.taskEvents,
      ({ messages, messages_unacknowledged: waiting = 0 }) => messages === 200 && waiting > 0 && waiting <= 50,
    );
    await proxy.resume();
    await eventuallyPasses(async () => expect(await database.query('SELECT 1 FROM tasks.task')).toHaveLength(200));
    await untilDrained();
    await eventually(async () => (await service?.health.report())?.status === 'ok', { what: 'readiness to return' });
    expect(await letters()).toEqual([]);
  });

  it('B22: stops at once while PostgreSQL is away and gives back what it could not write', async () => {
    await proxy.refuse();
    const ids = Array.from({ length: 60 }, () => randomUUID());
    for (const id of ids) await tell([eventOf(id, 'succeeded')]);
    await vhost.management.waitForQueue(streams.taskEvents, ({ messages_unacknowledged: waiting = 0 }) => waiting > 0);
    await stop();
    await vhost.management.waitForQueue(streams.taskEvents, ({ messages_ready: ready }) => ready === 60);
    await proxy.resume();
    await start();
    await eventuallyPasses(async () => expect(await database.query('SELECT 1 FROM tasks.task')).toHaveLength(60));
  });
});

async function killConnections(): Promise<number> {
  const killed = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'analytics-service' AND state <> 'idle'`,
  );
  return killed.length;
}
