import {
  callQueues,
  ChangeSchedule,
  CreateSchedule,
  DeleteSchedule,
  exchanges,
  FindSchedule,
  ListSchedules,
  PreviewSchedule,
  RunSchedule,
  type ScheduleView,
} from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_LOGGER } from '@mentorhub/service';
import { CallRefusedError, CallServer } from '@mentorhub/task-calls';
import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { ProblemAnswer } from '../problems/answers.js';
import { Firings, ScheduleList } from './answers.js';

const task = 'accounts.cleanup-expired-tokens';
const wanted = { name: 'nightly', task, cron: '0 3 * * *' };
const schedule: ScheduleView = {
  ...wanted,
  payload: {},
  timezone: 'UTC',
  startsAt: null,
  endsAt: null,
  jitter: 0,
  misfire: 'fire-once',
  misfireCap: 100,
  overlap: 'allow',
  overlapMaxAge: 86_400,
  enabled: true,
  nextFiring: '2031-01-01T03:00:00.000Z',
  lastFiring: null,
  createdAt: '2030-12-31T12:00:00.000Z',
  updatedAt: '2030-12-31T12:00:00.000Z',
};

/** The gateway's side, with a scheduler that says what the test wants; `schedules.e2e.spec.ts` has the real one. */
describe('schedules over REST', () => {
  let vhost: TestVhost;
  let gateway: RunningGateway;
  let scheduler: CallServer;
  const asked: { call: string; input: unknown; id: string }[] = [];
  let refusal: CallRefusedError | undefined;
  let patience: Promise<void> | undefined;

  beforeAll(async () => {
    vhost = await createVhost();
    gateway = await startGateway({ AMQP_URL: vhost.amqpUrl });
    const { app } = gateway.service;
    const broker = app.get(Broker);
    await broker.untilReady();
    scheduler = new CallServer({ broker, exchanges, queue: callQueues.scheduler, logger: app.get(SERVICE_LOGGER) });
    const note = async <T>(call: string, input: unknown, id: string, output: T): Promise<T> => {
      asked.push({ call, input, id });
      await patience;
      if (refusal) throw refusal;
      return output;
    };
    const versioned = { version: 'v.1', schedule };
    scheduler
      .answer(CreateSchedule, (input, { id }) => note('create', input, id, versioned))
      .answer(FindSchedule, (input, { id }) => note('find', input, id, versioned))
      .answer(ChangeSchedule, (input, { id }) => note('change', input, id, { version: 'v.2', schedule }))
      .answer(DeleteSchedule, (input, { id }) => note('delete', input, id, null))
      .answer(ListSchedules, (input, { id }) => note('list', input, id, { items: [schedule], more: true }))
      .answer(RunSchedule, (input, { id }) => note('run', input, id, { id, state: 'queued' }))
      .answer(PreviewSchedule, (input, { id }) => note('preview', input, id, { firings: [schedule.nextFiring!] }));
  });
  beforeEach(async () => {
    scheduler.start();
    await scheduler.ready();
  });
  afterEach(() => {
    asked.length = 0;
    refusal = undefined;
    patience = undefined;
  });
  afterAll(async () => {
    await gateway?.stop();
    await vhost?.remove();
  });

  const request = (method: string, path = '', body?: unknown, headers: Record<string, string> = {}) =>
    gateway.request(method, `/v1/schedules${path}`, body, headers);
  const pathsOf = ({ json }: { json: { errors: { path: string }[] } }) => json.errors.map(({ path }) => path);

  it('E42: are created with 201, where they are and which version they are', async () => {
    const created = await request('POST', '', wanted);
    expect(created).toMatchObject({ status: 201, json: schedule });
    expect(created.headers.get('location')).toBe('/v1/schedules/nightly');
    expect(created.headers.get('etag')).toBe('"v.1"');
    expect(asked[0]).toMatchObject({
      call: 'create',
      input: { schedule: { ...wanted, payload: {}, timezone: 'UTC' } },
    });
  });

  it('A4: are created once for an Idempotency-Key, by a call whose id follows from the key', async () => {
    const headers = { 'idempotency-key': 'one' };
    patience = Promise.reject(new Error('the first call fails'));
    patience.catch(() => undefined);
    expect((await request('POST', '', wanted, headers)).status).toBe(500);
    patience = undefined;
    const created = await request('POST', '', wanted, headers);
    const again = await request('POST', '', wanted, headers);
    expect([created.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(asked).toHaveLength(2);
    expect(asked[1]!.id).toBe(asked[0]!.id);
    expect((await request('POST', '', { ...wanted, jitter: 1 }, headers)).status).toBe(409);
  });

  it('hold no connection to PostgreSQL while the scheduler takes its time', async () => {
    const gate = Promise.withResolvers<void>();
    patience = gate.promise;
    const waiting = request('POST', '', wanted, { 'idempotency-key': 'slow' });
    try {
      await eventually(() => asked.length === 1, { what: 'the scheduler to be asked' });
      const open = `SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%' AND query LIKE '%idempotency_key%'`;
      expect(await gateway.service.app.get(DataSource).query(open)).toEqual([]);
    } finally {
      gate.resolve();
    }
    await waiting;
  });

  it('A4: with one Idempotency-Key at the same moment are one, of one body', async () => {
    const headers = { 'idempotency-key': 'twins' };
    const twins = await Promise.all([1, 2, 3].map(() => request('POST', '', wanted, headers)));
    expect(twins.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect((await request('POST', '', { ...wanted, jitter: 1 }, headers)).status).toBe(409);
  });

  it('E42: run with 202, once for an Idempotency-Key and each schedule', async () => {
    const headers = { 'idempotency-key': 'run' };
    const first = await request('POST', '/nightly/run', undefined, headers);
    expect(first).toMatchObject({ status: 202, json: { state: 'queued' } });
    expect(first.headers.get('location')).toBe(`/v1/tasks/${first.json.id}`);
    expect((await request('POST', '/nightly/run', undefined, headers)).json.id).toBe(first.json.id);
    expect((await request('POST', '/other/run', undefined, headers)).json.id).not.toBe(first.json.id);
    expect(asked).toHaveLength(2);
  });

  it('A4: are the same call for a key whose first one may have been carried out, whatever came in between', async () => {
    const headers = { 'idempotency-key': 'unsure' };
    const gate = Promise.withResolvers<void>();
    patience = gate.promise;
    expect((await request('POST', '/nightly/run', undefined, headers)).status).toBe(504);
    gate.resolve();
    patience = undefined;
    refusal = new CallRefusedError('unavailable', 'PostgreSQL is away.');
    expect((await request('POST', '/nightly/run', undefined, headers)).status).toBe(503);
    refusal = undefined;
    const answered = await request('POST', '/nightly/run', undefined, headers);
    expect(answered.status).toBe(202);
    expect(new Set(asked.map(({ id }) => id))).toEqual(new Set([answered.json.id]));
  });

  it('A4: run again for an Idempotency-Key that has expired', async () => {
    const headers = { 'idempotency-key': 'yesterday' };
    const first = await request('POST', '/nightly/run', undefined, headers);
    const age = `UPDATE gateway.idempotency_key SET created_at = created_at - interval '25 hours'`;
    await gateway.service.app.get(DataSource).query(age);
    const second = await request('POST', '/nightly/run', undefined, headers);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.json.id).not.toBe(first.json.id);
  });

  it('E42: are listed in pages', async () => {
    const first = await request('GET', '?limit=1');
    ScheduleList.parse(first.json);
    await request('GET', `?limit=1&cursor=${first.json.nextCursor}`);
    expect(asked.map(({ input }) => input)).toEqual([{ limit: 1 }, { limit: 1, after: 'nightly' }]);
  });

  it('E42: are shown, previewed and deleted', async () => {
    expect((await request('GET', '/nightly')).headers.get('etag')).toBe('"v.1"');
    const preview = await request('GET', '/nightly/preview?from=2031-01-01T00:00:00Z&count=1000');
    Firings.parse(preview.json);
    expect(await request('DELETE', '/nightly')).toMatchObject({ status: 204, text: '' });
    expect(asked.map(({ call, input }) => [call, input])).toEqual([
      ['find', { name: 'nightly' }],
      ['preview', { name: 'nightly', from: '2031-01-01T00:00:00Z', count: 1000 }],
      ['delete', { name: 'nightly' }],
    ]);
  });

  it.each([
    ['no If-Match', undefined, {}],
    ['any version', '*', {}],
    ['one version', '"v.1"', { seen: ['v.1'] }],
    ['several, of which the weak one never fits', '"v.1", W/"v.2"', { seen: ['v.1'] }],
  ])('E42: are changed with %s', async (_, ifMatch, expected) => {
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    const changed = await request('PATCH', '/nightly', { enabled: false }, headers);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"v.2"');
    expect(asked[0]?.input).toEqual({ name: 'nightly', change: { enabled: false }, ...expected });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ name: 'Two words' }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ task: 'email.send-verification' }, '/task'],
    [{ task: 'accounts.cleanup' }, '/task'],
    [{ payload: [] }, '/payload'],
    [{ cron: undefined }, '/cron'],
    [{ every: 60 }, '/every'],
    [{ cron: undefined, every: 0 }, '/every'],
    [{ cron: undefined, every: 1.5 }, '/every'],
    [{ cron: undefined, every: 60, at: '2031-01-01T00:00:00Z' }, '/at'],
    [{ cron: undefined, at: '2031-01-01T00:00:00' }, '/at'],
    [{ cron: 5 }, '/cron'],
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ timezone: '+02:00' }, '/timezone'],
    [{ startsAt: 'tomorrow' }, '/startsAt'],
    [{ jitter: -1 }, '/jitter'],
    [{ misfire: 'fire-twice' }, '/misfire'],
    [{ misfireCap: 0 }, '/misfireCap'],
    [{ overlap: 'wait' }, '/overlap'],
    [{ enabled: 'yes' }, '/enabled'],
    [{ owner: 'ann' }, '/owner'],
  ])('E42: are refused with 422 at its place when they have %p, and nobody is asked', async (parts, path) => {
    const refused = await request('POST', '', { ...wanted, ...parts });
    expect(refused.status).toBe(422);
    expect(pathsOf(refused)).toEqual([path]);
    expect(asked).toEqual([]);
  });

  it('tell close names of a task that there is not', async () => {
    const refused = await request('POST', '', { ...wanted, task: 'accounts.cleanup-expired-token' });
    expect(refused.json.errors[0].suggestions).toContain(task);
  });

  it.each([
    ['GET', '?limit=0', 422],
    ['GET', '?limit=201', 422],
    ['GET', '?cursor=%25', 422],
    ['GET', '?unknown=1', 422],
    ['GET', '/nightly/preview?count=1001', 422],
    ['GET', '/nightly/preview?count=x', 422],
    ['GET', '/nightly/preview?from=yesterday', 422],
    ['GET', '/%00', 404],
    ['GET', '/Two%20words', 404],
    ['PUT', '/nightly', 405],
  ])('answer %s %s with %i', async (method, path, status) => {
    expect((await request(method, path)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  it('answer an If-Match that is none with 422', async () => {
    const refused = await request('PATCH', '/nightly', { jitter: 1 }, { 'if-match': 'v.1' });
    expect(refused.status).toBe(422);
    expect(pathsOf(refused)).toEqual(['If-Match']);
  });

  it.each([
    ['not-found', 404],
    ['conflict', 409],
    ['stale', 412],
    ['unavailable', 503],
    ['failed', 500],
  ] as const)('answer what the scheduler refuses as %s with %i and its sentence', async (code, status) => {
    refusal = new CallRefusedError(code, 'That is how it is.');
    const answer = await request('PATCH', '/nightly', { enabled: false });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json.detail).toContain('That is how it is.');
    ProblemAnswer.parse(answer.json);
  });

  it('E42: a bad expression is answered with 422 that says where', async () => {
    const message = 'field 1, the minute, is "61"; it takes 0 to 59';
    refusal = new CallRefusedError('invalid', 'No.', [{ path: ['cron'], message }]);
    const answer = await request('POST', '', { ...wanted, cron: '61 * * * *' });
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ path: '/cron', message }] } });
  });

  it('answer 504 when the scheduler takes too long, and 503 with Retry-After when there is none', async () => {
    const gate = Promise.withResolvers<void>();
    patience = gate.promise;
    const late = await request('GET', '/nightly');
    expect(late).toMatchObject({ status: 504, json: { detail: expect.stringContaining('did not answer in time') } });
    gate.resolve();
    await scheduler.stop();
    const away = await request('GET', '/nightly');
    expect(away.status).toBe(503);
    expect(away.headers.get('retry-after')).toBe('5');
  });
});
