import { largestBodyBytes } from '@mentorhub/messaging';
import { eventually, startTcpProxy } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import { takeMessages } from '../../test/messages.js';
import { createServers, TaskApplication, type Servers } from '../../test/task-application.js';
import { InvalidPayloadError } from '@mentorhub/tasks/payload';

describe('Enqueueing tasks', () => {
  let servers: Servers;
  let application: TaskApplication;

  beforeAll(async () => {
    servers = await createServers();
    application = await TaskApplication.start(servers);
  });

  afterEach(async () => {
    for (const queue of ['work', 'outside']) await takeMessages(servers, queue);
  });

  afterAll(async () => {
    await application?.stop();
    await servers?.remove();
  });

  const row = (id: string) => application.store.history.find(id);
  /** Waits for the message of this task or event, whatever else is on its way. */
  const message = (queue: string, id: string) =>
    eventually(
      async () => (await takeMessages(servers, queue)).find(({ properties }) => properties.message_id === id),
      {
        what: `message ${id} in ${queue}`,
      },
    );

  it('A1: has a row as soon as it has an id', async () => {
    const task = await application.tasks.enqueue(Record, { note: 'one' });
    expect(task).toMatchObject({ state: 'queued', created: true });
    expect(await row(task.id)).toMatchObject({ name: Record.name, version: 1, queue: 'work', run: 1, attempt: 1 });
  });

  it('writes the message as other languages may read it', async () => {
    const expires = new Date(Date.now() + 60_000);
    const { id } = await application.tasks.enqueue(Call, { note: 'two', secret: 'hush' }, { expires });
    const { properties, headers, json } = await message('outside', id);
    expect(properties).toMatchObject({
      message_id: id,
      type: 'outside.call',
      app_id: 'test-service',
      content_type: 'application/json',
      delivery_mode: 2,
    });
    expect(headers).toMatchObject({
      'x-mh-version': 1,
      'x-mh-run': 1,
      'x-mh-attempt': 1,
      'x-mh-expires-at': expires.toISOString(),
    });
    expect(json()).toEqual({ note: 'two', secret: expect.stringMatching(/^mh1:test:/) });
  });

  it('A2: refuses a payload that does not fit, naming each fault, and stores nothing', async () => {
    const before = await servers.database.query('SELECT count(*) FROM tasks.task');
    const wrong = application.tasks.enqueue(Record, { note: 7, times: 'x', more: 1 } as never);
    await expect(wrong).rejects.toThrow(InvalidPayloadError);
    const { faults } = (await wrong.catch((error: InvalidPayloadError) => error)) as InvalidPayloadError;
    expect(faults.map(({ path }) => path.join('.'))).toEqual(['note', 'times', '']);
    expect(await servers.database.query('SELECT count(*) FROM tasks.task')).toEqual(before);
  });

  it('A2: refuses what no message can hold, with and without a row, and an event alike', async () => {
    const before = await servers.database.query('SELECT count(*) FROM tasks.task');
    const note = 'x'.repeat(largestBodyBytes);
    const message = `The payload does not fit "${Record.name}": payload: has 16777237 bytes as JSON, and a message holds at most 16777216: keep what is large elsewhere, and name its place.`;
    await expect(application.tasks.enqueue(Record, { note })).rejects.toThrow(message);
    await expect(application.tasks.enqueue(Ping, { note })).rejects.toThrow(InvalidPayloadError);
    const telling = application.dataSource.transaction((tx) => application.tasks.publish(Recorded, { note }, { tx }));
    await expect(telling).rejects.toThrow(InvalidPayloadError);
    expect(await servers.database.query('SELECT count(*) FROM tasks.task')).toEqual(before);
  });

  it('A7: enqueues many in one statement, all or none, and answers in their order', async () => {
    const requests = Array.from({ length: 1_000 }, (_, n) => ({ contract: Record, payload: { note: `bulk ${n}` } }));
    const bad = [
      ...requests.slice(0, 500),
      { contract: Record, payload: { note: 7 } as never },
      ...requests.slice(500),
    ];
    await expect(application.tasks.enqueueMany(bad)).rejects.toThrow(InvalidPayloadError);
    const counted = `SELECT count(*)::integer AS count FROM tasks.task WHERE encode(payload, 'escape') LIKE '%bulk%'`;
    expect(await servers.database.query(counted)).toEqual([{ count: 0 }]);
    const accepted = await application.tasks.enqueueMany(requests);
    expect((await row(accepted[7]!.id))?.payload?.toString()).toContain('bulk 7"');
    expect(await servers.database.query(counted)).toEqual([{ count: 1_000 }]);
  });

  it('makes a task once under an id of the caller, and tells its state afterwards', async () => {
    const id = randomUUID();
    expect(await application.tasks.enqueue(Ping, { note: 'mine' }, { id })).toEqual({
      id,
      state: 'queued',
      created: true,
    });
    expect(await application.tasks.enqueue(Ping, { note: 'again' }, { id })).toEqual({
      id,
      state: 'queued',
      created: false,
    });
    expect((await message('work', id)).json()).toEqual({ note: 'mine' });
  });

  it('makes of many tasks those whose ids are new, each once', async () => {
    const [old, fresh] = [randomUUID(), randomUUID()];
    const request = (id: string, note: string) => ({ contract: Ping, payload: { note }, options: { id } });
    await application.tasks.enqueueMany([request(old, 'first')]);
    const made = await application.tasks.enqueueMany([
      request(old, 'again'),
      request(fresh, 'one'),
      request(fresh, 'two'),
    ]);
    expect(made.map(({ id }) => id)).toEqual([fresh]);
    expect((await row(old))?.payload?.toString()).toContain('first');
    expect((await row(fresh))?.payload?.toString()).toContain('one');
  });

  it('C27: schedules by an instant and by a countdown', async () => {
    const eta = new Date(Date.now() + 3_600_000);
    const later = await application.tasks.enqueue(Ping, { note: 'later' }, { eta });
    expect(later.state).toBe('scheduled');
    expect(await row(later.id)).toMatchObject({ state: 'scheduled', dueAt: eta, publishedAt: null });
    const soon = await application.tasks.enqueue(Ping, { note: 'soon' }, { countdownSeconds: 0.1 });
    expect(soon.state).toBe('scheduled');
    await message('work', soon.id);
  });

  it('sends a task to another queue of the table when told so, and to none outside it', async () => {
    const { id } = await application.tasks.enqueue(Record, { note: 'lane' }, { queue: 'outside' });
    await message('outside', id);
    const wrong = application.tasks.enqueue(Record, { note: 'lane' }, { queue: 'nowhere' });
    await expect(wrong).rejects.toThrow('There is no queue "nowhere"; there are outside, isolated, work.');
  });

  it('publishes a light task without a row, and with one when it is to be tracked or joins a transaction', async () => {
    const light = await application.tasks.enqueue(Ping, { note: 'light' });
    await message('work', light.id);
    expect(await row(light.id)).toBeUndefined();
    const tracked = await application.tasks.enqueue(Ping, { note: 'tracked' }, { tracked: true });
    expect(await row(tracked.id)).toBeDefined();
    const joined = await application.dataSource.transaction((tx) =>
      application.tasks.enqueue(Ping, { note: 'joined' }, { tx }),
    );
    expect(await row(joined.id)).toBeDefined();
  });

  it('A5: makes a row of a light task while the broker is away, and publishes it when it is back', async () => {
    const proxy = await startTcpProxy(servers.vhost.amqpUrl);
    const cutOff = await TaskApplication.start(servers, { amqpUrl: proxy.url });
    await cutOff.broker.untilReady();
    await proxy.refuse();
    await eventually(() => !cutOff.broker.publisher.ready);
    const { id, state } = await cutOff.tasks.enqueue(Ping, { note: 'kept' });
    expect(state).toBe('queued');
    expect(await row(id)).toBeDefined();
    await proxy.resume();
    await message('work', id);
    await cutOff.stop();
    await proxy.close();
  });

  it('tells a domain event with its version after the commit', async () => {
    await servers.vhost.management.bind('events', 'outside', '#');
    const event = await application.dataSource.transaction(async (tx) => {
      const { id } = await application.tasks.publish(Recorded, { note: 'news' }, { tx });
      expect(await takeMessages(servers, 'outside')).toEqual([]);
      return id;
    });
    const told = await message('outside', event);
    expect(told).toMatchObject({ properties: { type: Recorded.name }, headers: { 'x-mh-version': '1' } });
    expect(told.json()).toEqual({ note: 'news' });
    const wrong = application.dataSource.transaction((tx) => application.tasks.publish(Recorded, {} as never, { tx }));
    await expect(wrong).rejects.toThrow('The payload does not fit "ledger.recorded": note:');
  });

  it.each([
    { eta: new Date(Number.NaN) },
    { eta: new Date(8.64e15) },
    { expires: new Date(Number.NaN) },
    { expires: new Date(Date.UTC(12_000, 0, 1)) },
    { expires: new Date('0000-12-31T23:59:59.999Z') },
    { countdownSeconds: Number.NaN },
    { countdownSeconds: Number.POSITIVE_INFINITY },
    { countdownSeconds: Number.NEGATIVE_INFINITY },
    { countdownSeconds: 1e12 },
  ])('refuses a time that cannot be written: %p', async (options) => {
    for (const contract of [Record, Ping])
      await expect(application.tasks.enqueue(contract, { note: 'never' }, options)).rejects.toThrow(RangeError);
  });

  it('takes the first and the last instant that can be written', async () => {
    const [first, last] = [new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59.999Z')];
    const late = await application.tasks.enqueue(Record, { note: 'at the end' }, { eta: last, expires: last });
    expect(await row(late.id)).toMatchObject({ state: 'scheduled', dueAt: last });
    const early = await application.tasks.enqueue(Record, { note: 'at once' }, { eta: first });
    expect(await row(early.id)).toMatchObject({ state: 'queued' });
  });
});
