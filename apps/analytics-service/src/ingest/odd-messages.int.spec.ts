import { exchanges, streams } from '@mentorhub/contracts';
import { startService, type RunningService } from '@mentorhub/service';
import { taskHeaders, type TaskEvent } from '@mentorhub/task-store';
import {
  amqp,
  createDatabase,
  eventually,
  fields,
  PrivateBroker,
  RawPublisher,
  type AmqpValue,
  type RawProperties,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { analyticsService } from '../analytics-service.js';
import { migrateDatabase } from '../database/migrate-database.js';

/** A table with names that mean something to JavaScript: whatever converts it throws. */
const namesOfMethods = amqp.table(['toString', 'valueOf', 'toJSON', 'length'].map((name) => [name, amqp.text('t')]));

const oddHeaders: Readonly<Record<string, AmqpValue>> = {
  'a table that cannot be made text': namesOfMethods,
  'a list of such tables': amqp.array(namesOfMethods, namesOfMethods),
  'a table that cannot be encoded again': amqp.table([['!', amqp.text('unheard-of')]]),
  'a time beyond all years': amqp.timestamp(2n ** 64n - 1n),
  'text that is larger once decoded': amqp.text(Buffer.alloc(30_000, 0xff)),
  nothing: amqp.nothing(),
};

let database: TestDatabase;
let broker: PrivateBroker;
let vhost: TestVhost;
let service: RunningService;
let publisher: RawPublisher;

beforeAll(async () => {
  broker = await PrivateBroker.create();
  vhost = await broker.createVhost();
  database = await createDatabase({ template: 'analytics', migrate: async (url) => void (await migrateDatabase(url)) });
  const env = {
    DATABASE_URL: database.url,
    AMQP_URL: vhost.amqpUrl,
    PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    LOG_LEVEL: 'silent',
  };
  service = await startService(analyticsService(env));
  await untilReady();
  publisher = await RawPublisher.connect(vhost.amqpUrl);
});
afterEach(() => database.query('TRUNCATE tasks.dead_letter, tasks.task, tasks.task_event'));
afterAll(async () => {
  await publisher?.close();
  await service?.stop();
  await database?.remove();
  await broker?.remove();
});

const untilReady = () => eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });

const publish = async (exchange: string, properties: RawProperties, body: string) => {
  publisher.publish({
    exchange,
    routingKey: 'by.hand',
    properties: { deliveryMode: 2, ...properties },
    body: Buffer.from(body),
  });
  await publisher.confirmed();
};

const bodies = async () =>
  (await database.query<{ body: Buffer }>('SELECT body FROM tasks.dead_letter')).map(({ body }) => String(body)).sort();

const untilLetters = (count: number) =>
  eventually(async () => (await bodies()).length >= count, { what: `${count} letters` });

/** What was taken is acked too, and the consumer is there. */
async function untilEmpty(queue: string): Promise<void> {
  await vhost.management.waitForQueue(queue, ({ messages }) => messages === 0);
  await untilReady();
}

const event = (more: Partial<TaskEvent> = {}): TaskEvent => {
  const taskId = randomUUID();
  const at = new Date().toISOString();
  const common = { run: 1, attempt: 1, version: 1, name: 'email.send', queue: 'email', worker: 'w1' };
  return { taskId, at, kind: 'succeeded', ...common, ...more };
};

const taskCount = async () => Number((await database.query('SELECT count(*) FROM tasks.task'))[0]?.['count']);

describe('one odd message', () => {
  it.each(Object.entries(oddHeaders))('among the dead letters is taken in, whichever header has %s', async (_, odd) => {
    const names = [
      'tenant',
      taskHeaders.deadLetter,
      taskHeaders.version,
      taskHeaders.run,
      taskHeaders.attempt,
      'traceparent',
      'baggage',
    ];
    for (const name of names) await publish(exchanges.deadLetters, { headers: fields([[name, odd]]) }, name);
    const note = JSON.stringify({
      reason: 'failed',
      error: { name: 'E', message: '' },
      queue: 'email',
      at: '2026-11-22T10:00:00Z',
    });
    const headers = fields([
      [taskHeaders.deadLetter, amqp.text(note)],
      ['odd', odd],
      ['odder', odd],
    ]);
    await publish(exchanges.deadLetters, { headers }, 'noted');
    await publish(exchanges.deadLetters, {}, 'good');
    await untilLetters(names.length + 2);
    expect(await bodies()).toEqual([...names, 'noted', 'good'].sort());
    await untilEmpty(streams.deadLetters);
  });

  it.each(Object.entries(oddHeaders))(
    'among the events of tasks is parked and holds no other up, when its header has %s',
    async (_, odd) => {
      const properties = {
        headers: fields([['odd', odd]]),
        timestamp: 2n ** 64n - 1n,
        messageId: Buffer.alloc(255, 0xff),
      };
      await publish(exchanges.taskEvents, properties, 'no JSON');
      await publish(exchanges.taskEvents, properties, JSON.stringify([event(), event({ worker: 'nul \0' })]));
      await publish(exchanges.taskEvents, {}, JSON.stringify([event()]));
      await untilLetters(2);
      expect(await bodies()).toEqual([expect.stringContaining('nul '), 'no JSON']);
      await eventually(async () => (await taskCount()) === 2, { what: 'the good events' });
      await untilEmpty(streams.taskEvents);
    },
  );

  it('costs two dozen writes when it is one event of five thousand that PostgreSQL refuses, also where it is hard to park', async () => {
    // Counts the writes, also those that are rolled back.
    await database.query(`
      CREATE SEQUENCE public.writes;
      CREATE FUNCTION public.count_write() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM nextval('public.writes'); RETURN NULL; END $$;
      CREATE TRIGGER count_write BEFORE INSERT ON tasks.task_event FOR EACH STATEMENT EXECUTE FUNCTION public.count_write()`);
    const events = Array.from({ length: 5_000 }, (_, n) => event(n === 1_234 ? { deferrals: 2 ** 40 } : {}));
    const headers = fields([['odd', amqp.table([['!', amqp.text('unheard-of')]])]]);
    await publish(exchanges.taskEvents, { headers }, JSON.stringify(events));
    await untilLetters(1);
    const [writes] = await database.query<{ last_value: string }>('SELECT last_value FROM public.writes');
    expect(Number(writes?.last_value)).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(5_000)) + 1);
    expect(await taskCount()).toBe(4_999);
    expect(await bodies()).toEqual([expect.stringContaining('"deferrals":1099511627776')]);
  });
});
