import { randomUUID } from 'node:crypto';
import { exchanges, SendEmail, streams } from '@mentorhub/contracts';
import { deadLetterMetrics } from '@mentorhub/metrics';
import { startService, type RunningService } from '@mentorhub/service';
import { taskHeaders, type ParkedEnvelope } from '@mentorhub/task-store';
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

const deliveryLimit = 100;

interface Letter {
  readonly id: string;
  readonly task_id: string | null;
  readonly run: number | null;
  readonly name: string | null;
  readonly queue: string;
  readonly reason: string;
  readonly error: { readonly name: string; readonly message: string };
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
  readonly worker: string | null;
  readonly parked_at: Date;
}

let database: TestDatabase;
let vhost: TestVhost;
let service: RunningService;

const envelope = (more: Partial<ParkedEnvelope> = {}): ParkedEnvelope => ({
  reason: 'failed',
  error: { name: 'MailRefused', message: 'The server refused it.', stack: 'MailRefused: …' },
  queue: 'email',
  taskId: randomUUID(),
  run: 1,
  attempt: 1,
  worker: 'email-1',
  at: '2026-11-22T10:00:00.000Z',
  ...more,
});

/** Publishes a parked message as the runtime does. */
function park(body: Buffer | string, note: unknown, properties: { type?: string; message_id?: string } = {}) {
  const header = typeof note === 'string' ? note : JSON.stringify(note);
  const headers = { [taskHeaders.version]: 1, tenant: 'a', [taskHeaders.deadLetter]: header };
  return vhost.management.publish(exchanges.deadLetters, 'email', body, {
    type: SendEmail.name,
    ...properties,
    headers,
  });
}

const letters = () =>
  database.query<Letter & Record<string, unknown>>('SELECT * FROM tasks.dead_letter ORDER BY body, run');
const untilLetters = (count: number) =>
  eventually(async () => ((await letters()).length >= count ? letters() : undefined), {
    what: `${count} dead letters`,
  });

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
    QUEUES: streams.deadLetters,
  };
  service = await startService(analyticsService(env));
  await eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });
});
afterEach(() =>
  database.query('TRUNCATE tasks.dead_letter, tasks.task, analytics.daily_count, analytics.counted_mail'),
);
afterAll(async () => {
  await service.stop();
  await database.remove();
  await vhost.remove();
});

describe('dead letters', () => {
  it('keep body, headers and error of a parked task, once, although its message comes twice', async () => {
    const note = envelope();
    await park('{"to": "a@example.org"}', note);
    await park('{"to": "a@example.org"}', { ...note, at: '2026-11-22T10:00:05.000Z' });
    await park('{"to": "b@example.org"}', envelope());
    const [letter, ...others] = await untilLetters(2);
    expect(letter).toMatchObject({
      task_id: note.taskId,
      run: 1,
      attempt: 1,
      name: SendEmail.name,
      version: 1,
      queue: 'email',
      reason: 'failed',
      error: note.error,
      headers: { [taskHeaders.version]: 1, tenant: 'a' },
      body: Buffer.from('{"to": "a@example.org"}'),
      worker: 'email-1',
      parked_at: new Date(note.at),
    });
    expect(others).toHaveLength(1);
    await vhost.management.waitForQueue(streams.deadLetters, ({ messages }) => messages === 0);
  });

  it('are one for each run of a task', async () => {
    const taskId = randomUUID();
    await park('{}', envelope({ taskId, run: 1 }));
    await park('{}', envelope({ taskId, run: 2 }));
    expect((await untilLetters(2)).map(({ run }) => run)).toEqual([1, 2]);
  });

  it('keep what cannot be decoded byte for byte, once', async () => {
    const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe, 0]);
    const note = envelope({ reason: 'undecodable', taskId: undefined, run: undefined, attempt: undefined });
    await park(bytes, note);
    await park(bytes, { ...note, at: '2026-11-22T11:00:00.000Z' });
    await park(Buffer.from('other'), note);
    expect((await untilLetters(2)).map(({ body }) => body)).toEqual([bytes, Buffer.from('other')]);
  });

  it('are taken in whatever they look like: unreadable notes, NULs, lone surrogates', async () => {
    await park('1', 'no JSON');
    await park('2', { reason: 'half a note' });
    await park('3', envelope({ reason: 'a\0b', worker: 'w\0', error: { name: 'E\0', message: '\ud800 \0' } }), {
      type: 'x\0y',
    });
    await vhost.management.publish(exchanges.deadLetters, 'by.hand', '4');
    const found = await untilLetters(4);
    expect(found.map(({ reason }) => reason)).toEqual(['unknown', 'unknown', 'a\uFFFDb', 'unknown']);
    expect(found.map(({ body }) => String(body))).toEqual(['1', '2', '3', '4']);
    expect(found[3]?.queue).toBe('by.hand');
  });

  it('tell of a message that RabbitMQ gave up at the delivery limit, and its task is failed', async () => {
    const taskId = await acceptedTask();
    for (let delivery = 0; delivery <= deliveryLimit; delivery++) {
      await eventually(
        async () =>
          (await vhost.management.getMessages('email', 1, 'reject_requeue_true')).length || (await letters()).length,
      );
    }
    const [letter] = await untilLetters(1);
    expect(letter).toMatchObject({
      task_id: taskId,
      run: 1,
      attempt: 1,
      name: SendEmail.name,
      queue: 'email',
      reason: 'delivery-limit',
    });
    expect(letter?.error.message).toMatch(/^RabbitMQ gave it up at the delivery limit of its queue/);
    expect(Object.keys(letter?.headers ?? {})).not.toContain('x-death');
    expect(Math.abs(Date.now() - (letter?.parked_at.getTime() ?? 0))).toBeLessThan(60_000);
    const [task] = await database.query('SELECT state, finished_at, error FROM tasks.task WHERE id = $1', [taskId]);
    expect(task).toMatchObject({ state: 'failed', finished_at: expect.any(Date), error: { name: 'GivenUpByBroker' } });
    const failedMails = `SELECT subject, count::integer FROM analytics.daily_count WHERE kind = 'mails-failed'`;
    expect(await database.query(failedMails)).toEqual([{ subject: SendEmail.name, count: 1 }]);
    const counted = async () =>
      (await deadLetterMetrics.total.get()).values.find(
        ({ labels }) => labels.task === SendEmail.name && labels.reason === 'delivery-limit',
      )?.value;
    await eventually(async () => (await counted()) === 1, { what: 'the dead letter to be counted' });
  });

  it('do not fail a task that is at another attempt by now', async () => {
    const taskId = await acceptedTask();
    await database.query(`UPDATE tasks.task SET attempt = 2 WHERE id = $1`, [taskId]);
    await eventually(async () => (await vhost.management.getMessages('email', 1, 'reject_requeue_false')).length);
    expect((await untilLetters(1))[0]).toMatchObject({ task_id: taskId, reason: 'rejected' });
    await eventuallyPasses(async () =>
      expect(await database.query('SELECT state FROM tasks.task WHERE id = $1', [taskId])).toEqual([
        { state: 'queued' },
      ]),
    );
  });
});

/** A task with its row, and its message in the queue `email`. */
async function acceptedTask(): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO tasks.task (id, name, version, queue, state, due_at, published_at) VALUES ($1, $2, 1, 'email', 'queued', now(), now())`,
    [id, SendEmail.name],
  );
  const headers = { [taskHeaders.version]: 1, [taskHeaders.run]: 1, [taskHeaders.attempt]: 1 };
  const properties = { message_id: id, type: SendEmail.name, headers };
  await vhost.management.publish(exchanges.tasks, `email.${SendEmail.name}`, '{}', properties);
  return id;
}
