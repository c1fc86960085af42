import { taskMetrics } from '@mentorhub/metrics';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Book, ByDefault, Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import { Gate } from '../../test/gate.js';
import { deliver, left, takeParked } from '../../test/messages.js';
import { counted } from '../../test/metrics.js';
import { resetScript, script, ScriptedController } from '../../test/scripted-handlers.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import type { AnyTaskContract, RetryPolicy } from '@mentorhub/task-contracts';
import type { TaskContext } from '../job/context.js';
import { AmbiguousError, PermanentError, RetryLater } from '@mentorhub/task-contracts';

const quickly: Partial<RetryPolicy> = { maxRetries: 2, delaySeconds: 0.05, jitter: 'none' };

describe('A task whose handler throws', () => {
  let servers: Servers;
  let application: TaskApplication;
  /** The number of each attempt that a handler saw. */
  let attempts: number[];

  /** Handlers throw what `thrown` gives for an attempt, and succeed when it gives nothing. */
  function throwing(thrown: (attempt: number) => unknown): void {
    const handler = (_: unknown, { attempt }: TaskContext): Promise<void> => {
      attempts.push(attempt);
      const error = thrown(attempts.length);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    Object.assign(script, { record: handler, call: handler, book: handler, ping: handler, recorded: handler });
  }

  const enqueue = async (contract: AnyTaskContract, retry: Partial<RetryPolicy> | undefined = quickly) =>
    (await application.tasks.enqueue(contract, { note: 'try' }, { retry, tracked: true })).id;

  const find = (id: string) => application.store.history.find(id);

  /** Those that a test leaves waiting, which would come in the middle of a later one. */
  const waiting: string[] = [];

  const retrying = (id: string, attempt = 2) => {
    waiting.push(id);
    return eventually(
      async () => {
        const task = await find(id);
        return task?.state === 'retrying' && task.attempt === attempt ? task : undefined;
      },
      { what: `task ${id} waits for attempt ${attempt}` },
    );
  };

  beforeAll(async () => {
    servers = await createServers();
    const queues = { work: { concurrency: 4 }, outside: { concurrency: 4 }, listeners: { concurrency: 2 } };
    application = await TaskApplication.start(servers, { controllers: [ScriptedController], queues });
  });

  beforeEach(() => {
    attempts = [];
  });
  afterEach(async () => {
    resetScript();
    for (const id of waiting.splice(0)) await application.tasks.revoke(id);
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const manners: [string, AnyTaskContract][] = [
    ['database', Record],
    ['external', Call],
    ['idempotent', Ping],
  ];

  it.each([
    ['database', Record, 'work'],
    ['external', Call, 'outside'],
  ] as const)(
    'B10: and has %s effects is tried again also when the next attempt is here before the end of the one before',
    async (_, contract, queue) => {
      const gate = new Gate();
      const handler = async () => {
        attempts.push(attempts.length + 1);
        if (attempts.length > 1) return;
        await gate.pass();
        throw new Error('no');
      };
      Object.assign(script, { record: handler, call: handler });
      const id = await enqueue(contract, { maxRetries: 1, delaySeconds: 3_600 });
      await eventually(() => gate.entered === 1);
      // As the relay of another process would, right after the COMMIT that this one has yet to hear of.
      await deliver(application, contract, { note: 'try' }, { id, attempt: 2 });
      await servers.vhost.management.waitForQueue(queue, (seen) => seen.messages_unacknowledged === 2);
      gate.open();
      expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
      expect(attempts).toEqual([1, 2]);
    },
  );

  it.each(manners)(
    'B10: and has %s effects is tried again, attempt by attempt, until it succeeds',
    async (_, contract) => {
      throwing((attempt) => (attempt < 3 ? new Error(`no ${attempt}`) : undefined));
      const before = await counted(taskMetrics.processed, { task: contract.name, outcome: 'retried' });
      const id = await enqueue(contract);
      expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 3, error: null });
      expect(attempts).toEqual([1, 2, 3]);
      expect(await counted(taskMetrics.processed, { task: contract.name, outcome: 'retried' })).toBe(before + 2);
      // What became of one attempt may be told after the start of the next.
      const timeline = await eventually(async () => {
        const told = await application.store.history.timeline(id);
        return told.length >= 6 ? told : undefined;
      });
      expect(timeline.map(({ kind, attempt }) => `${kind} ${attempt}`)).toEqual([
        'started 1',
        'retrying 1',
        'started 2',
        'retrying 2',
        'started 3',
        'succeeded 3',
      ]);
      expect(timeline[1]?.details).toMatchObject({ retryInSeconds: 0.05, error: { message: 'no 1' } });
    },
  );

  it.each(manners)('B10: and has %s effects has failed after its last attempt and is parked', async (_, contract) => {
    throwing((attempt) => new RangeError(`no ${attempt}`));
    const id = await enqueue(contract);
    expect(await application.failed(id)).toMatchObject({ name: 'RangeError', message: 'no 3' });
    const [parked] = await takeParked(servers);
    expect(parked).toMatchObject({
      id,
      body: '{"note":"try"}'.replace('}', contract === Record ? ',"times":1}' : '}'),
    });
    expect(parked?.envelope).toMatchObject({ reason: 'failed', run: 1, attempt: 3, error: { name: 'RangeError' } });
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('B10: waits longer each time, and is shown as retrying with the error meanwhile', async () => {
    throwing(() => new Error('busy'));
    const id = await enqueue(Record, { maxRetries: 3, delaySeconds: 0.2, factor: 100, jitter: 'none' });
    expect(await retrying(id, 3)).toMatchObject({ error: { message: 'busy' }, publishedAt: null });
    expect(attempts).toHaveLength(2);
    const [{ seconds }] = (await servers.database.query(
      `SELECT extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds FROM tasks.task WHERE id = $1`,
      [id],
    )) as [{ seconds: number }];
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThanOrEqual(20);
  });

  it.each([Record, Call])(
    'B10: is not run and not forked by a message of an attempt that is decided: $name',
    async (contract) => {
      throwing(() => new Error('no'));
      const id = await enqueue(contract, { maxRetries: 1, delaySeconds: 600 });
      const { dueAt } = await retrying(id);
      await deliver(application, contract, { note: 'try' }, { id });
      await deliver(application, contract, { note: 'after' });
      await eventually(() => attempts.length === 2, { what: 'the message behind it was run' });
      expect(await find(id)).toMatchObject({ state: 'retrying', attempt: 2, dueAt });
    },
  );

  it.each([Record, Call])('gets a row for its next attempt when it came without one: $name', async (contract) => {
    throwing((attempt) => (attempt < 2 ? new Error('no') : undefined));
    const headers = { 'x-user': 'kept', 'x-mh-retry': JSON.stringify(quickly) };
    const id = await deliver(application, contract, { note: 'no row' }, { headers });
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it.each(manners)(
    'B11: a PermanentError of %s effects is the end at once, and shows its cause',
    async (_, contract) => {
      throwing(() => new PermanentError('No such mailbox.', { cause: new RangeError('550') }));
      const id = await enqueue(contract);
      expect(await application.failed(id)).toMatchObject({ name: 'RangeError', message: 'No such mailbox.' });
      expect(attempts).toEqual([1]);
      await takeParked(servers);
    },
  );

  it.each(manners)('B11: RetryLater of %s effects is waited for and not counted', async (_, contract) => {
    throwing((call) => (call <= 2 ? new RetryLater(0.05) : call <= 4 ? new Error('no') : undefined));
    const id = await enqueue(contract);
    expect(await application.ended(id)).toMatchObject({ state: 'succeeded', attempt: 5, deferrals: 2 });
    expect(attempts).toEqual([1, 1, 1, 2, 3]);
  });

  it('B11: RetryLater waits no longer than the contract allows', async () => {
    throwing(() => new RetryLater(1e6));
    const id = await enqueue(Record, { maxDelaySeconds: 90 });
    const { dueAt } = await retrying(id);
    expect(dueAt.getTime()).toBeLessThan(Date.now() + 91_000);
    expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 30_000);
  });

  it.each(manners)(
    'B12: every attempt of %s effects has the same id, headers, trace and expiry',
    async (_, contract) => {
      throwing(() => new Error('no'));
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const headers = { 'x-user': 'kept', traceparent, 'x-mh-retry': JSON.stringify(quickly) };
      const expiresAt = new Date(Date.now() + 3_600_000);
      const id = await deliver(application, contract, { note: 'same' }, { headers, expiresAt });
      await application.failed(id);
      const [parked] = await takeParked(servers);
      expect(parked).toMatchObject({ id, type: contract.name, body: '{"note":"same"}' });
      expect(parked?.headers).toMatchObject({
        ...headers,
        'x-mh-attempt': 3,
        'x-mh-run': 1,
        'x-mh-expires-at': expiresAt.toISOString(),
      });
    },
  );

  it('B13: is tried again after a minute when neither contract nor call says otherwise', async () => {
    const { retry } = ByDefault;
    throwing(() => new Error('no'));
    expect(retry).toMatchObject({ maxRetries: 3, delaySeconds: 60, factor: 2 });
    const id = await enqueue(Record, { ...retry, jitter: 'none' });
    const { dueAt } = await retrying(id);
    expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 30_000);
    expect(dueAt.getTime()).toBeLessThanOrEqual(Date.now() + 61_000);
  });

  it('B18: is parked as ambiguous, and counted, when its contract says so and the call may have happened', async () => {
    throwing(() => new AmbiguousError('No answer after DATA.'));
    const before = await counted(taskMetrics.ambiguous, { task: Book.name, action: 'parked' });
    const id = await enqueue(Book);
    expect(await application.failed(id)).toMatchObject({ message: 'No answer after DATA.' });
    expect((await takeParked(servers))[0]?.envelope.reason).toBe('ambiguous');
    expect(await counted(taskMetrics.ambiguous, { task: Book.name, action: 'parked' })).toBe(before + 1);
    expect(attempts).toEqual([1]);
  });

  it('refuses a call whose policy cannot be', async () => {
    await expect(enqueue(Record, { maxRetries: -1 })).rejects.toThrow('retry.maxRetries is');
  });

  it('and hears a domain event is tried again too, and its effects happen once', async () => {
    throwing((attempt) => (attempt < 2 ? new Error('deaf') : undefined));
    await application.broker.publisher.publish({
      exchange: 'events',
      routingKey: Recorded.name,
      type: Recorded.name,
      body: Buffer.from('{"note":"news"}'),
      messageId: randomUUID(),
      headers: { 'x-mh-version': '1', 'x-mh-retry': JSON.stringify(quickly) },
    });
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
  });

  it('leaves nothing behind', async () => {
    await application.stop();
    expect(await left(servers, 'work', 'outside', 'listeners', 'dead-letters')).toEqual([]);
  });
});
