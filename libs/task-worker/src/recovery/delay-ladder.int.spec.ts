import { messagingMetrics } from '@mentorhub/metrics';
import { eventually, PrivateBroker, sized } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { ends } from '../../test/counts.js';
import { counted } from '../../test/metrics.js';
import { exchanges, Ping, Recorded } from '../../test/example-tasks.js';
import { resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { TaskContext } from '../job/context.js';

const level = 'delay.v1.level-01';
const nextLevel = 'delay.v1.level-00';
/** Where nine seconds begin. */
const longLevel = 'delay.v1.level-03';
/** All of it in the first level. */
const twoSeconds = { maxRetries: 1, delaySeconds: 2, jitter: 'none' } as const;
const delivery = 'delay.v1.delivery';
const unroutable = 'delay.v1.unroutable';
/** Eight seconds in a level, so that a busy machine deletes the next one before anything is in it, and one in the next. */
const nineSeconds = { maxRetries: 1, delaySeconds: 9, jitter: 'none' } as const;
const each = 10;

/** Tasks without effects in PostgreSQL and events: nothing but a message in the ladder holds their retries. */
describe('Retries that wait in the delay ladder while somebody deletes parts of it', () => {
  let broker: PrivateBroker;
  let servers: Servers;
  let application: TaskApplication;
  let submitted = 0;
  /** The attempts of each task or event, by its note. */
  let attempts: Map<string, number[]>;

  beforeAll(async () => {
    broker = await PrivateBroker.create();
    // How long a level keeps what it could not hand on before it tries again; three minutes by default.
    await broker.control('eval', 'application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, 2000).');
    servers = await createServers({ broker });
    application = await TaskApplication.start(servers, {
      controllers: [ScriptedController],
      queues: { work: { concurrency: 50 }, listeners: { concurrency: 50 } },
      strandedDelays: true,
      topologyEverySeconds: 1,
    });
  });

  beforeEach(async () => {
    attempts = new Map();
    const failOnce = ({ note }: { note: string }, { attempt }: TaskContext) => {
      attempts.set(note, [...(attempts.get(note) ?? []), attempt]);
      return attempt === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    };
    Object.assign(script, { ping: failOnce, recorded: failOnce });
    await eventually(async () => (await application.service.health.report()).status === 'ok', {
      what: 'readiness',
    });
  });

  afterAll(async () => {
    resetScript();
    await application?.stop();
    await servers?.remove();
    await broker?.remove();
  });

  type Retry = typeof twoSeconds | typeof nineSeconds;
  const enqueue = (note: string, retry: Retry) => application.tasks.enqueue(Ping, { note }, { retry, tracked: true });

  function tell(note: string, retry: Retry): Promise<void> {
    const { name } = Recorded;
    const headers = { 'x-mh-version': 1, 'x-mh-retry': JSON.stringify(retry) };
    const body = Buffer.from(JSON.stringify({ note }));
    const event = { exchange: exchanges.events, routingKey: name, type: name, headers, body };
    return application.broker.publisher.publish({ ...event, messageId: randomUUID() });
  }

  /** Notes of as many tasks and as many events, whose first attempts fail. */
  async function submit(prefix: string, retry: Retry): Promise<string[]> {
    const notes = Array.from({ length: each }, (_, n) => `${prefix} ${n}`);
    submitted += each;
    await Promise.all(notes.flatMap((note) => [enqueue(note, retry), tell(`event ${note}`, retry)]));
    return notes.flatMap((note) => [note, `event ${note}`]);
  }

  const allSucceeded = async () => expect(await ends(servers)).toEqual({ 'succeeded 2': submitted });

  /** A light task whose publish or ack got lost runs the same attempt once more; an event's handler does not. */
  const attemptsOf = (note: string) => {
    const seen = attempts.get(note) ?? [];
    return note.startsWith('event ') ? seen : [...new Set(seen)];
  };

  const untilAttempts = (notes: string[], wanted: number[]) =>
    eventually(() => notes.every((note) => String(attemptsOf(note)) === String(wanted)), {
      what: `attempts ${wanted.join(', ')} of all`,
    });

  it.each([
    ['the queue of the first level', () => servers.vhost.management.deleteQueue(level)],
    ['the binding of the first level', () => servers.vhost.management.unbind(level, level)],
    ['the exchange of the first level', () => servers.vhost.management.deleteExchange(level)],
  ])('D34: are not dropped when %s is gone as they are published', async (_, remove) => {
    const notes = await submit('before', twoSeconds);
    await untilAttempts(notes, [1, 2]);
    await remove();
    notes.push(...(await submit('after', twoSeconds)));
    await untilAttempts(notes, [1, 2]);
    await allSucceeded();
  });

  const onTheWay: [string, () => Promise<unknown>][] = [
    ['the queue of the next level', () => servers.vhost.management.deleteQueue(nextLevel)],
    ['the exchange to the destinations', () => servers.vhost.management.deleteExchange(delivery)],
    ['the binding of the next level', () => servers.vhost.management.unbind(nextLevel, nextLevel)],
    ['the exchange of the next level', () => servers.vhost.management.deleteExchange(nextLevel)],
  ];

  it.each(sized({ short: onTheWay.slice(0, 2), full: onTheWay }))(
    'D34: wait in their level until %s is back',
    async (_, remove) => {
      const notes = await submit('waiting', nineSeconds);
      await untilAttempts(notes, [1]);
      await remove();
      await untilAttempts(notes, [1, 2]);
      await allSucceeded();
    },
  );

  /** Retries of nine seconds that the ladder has confirmed. */
  const sentToLadder = () => counted(messagingMetrics.sentMessages, { destination: longLevel, error_type: '' });

  const atItsEnd: [string, () => Promise<unknown>][] = [
    ['the destination', () => servers.vhost.management.deleteQueue('work')],
    ['the binding of the destination', () => servers.vhost.management.unbind(delivery, 'work')],
    [
      'the exchange and the queue for what finds none',
      async () => {
        await servers.vhost.management.unbind(delivery, 'work');
        await servers.vhost.management.unbind(delivery, 'listeners');
        await servers.vhost.management.deleteExchange(unroutable);
        await servers.vhost.management.deleteQueue(unroutable);
      },
    ],
  ];

  it.each(sized({ short: atItsEnd.slice(0, 1), full: atItsEnd }))(
    'D34: come to their queue although %s was gone',
    async (_, remove) => {
      const before = await sentToLadder();
      const notes = await submit('waiting', nineSeconds);
      await untilAttempts(notes, [1]);
      // What has run and is still unacked in the queue would go with it.
      await eventually(async () => (await sentToLadder()) >= before + notes.length, { what: 'all to wait' });
      await remove();
      await untilAttempts(notes, [1, 2]);
      await allSucceeded();
    },
  );
});
