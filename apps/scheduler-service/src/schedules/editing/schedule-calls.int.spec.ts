import {
  ChangeSchedule,
  CreateSchedule,
  DeleteSchedule,
  exchanges,
  FindSchedule,
  ListSchedules,
  PreviewSchedule,
  RunSchedule,
  topology,
  type NewSchedule,
  type ScheduleChange,
} from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { startService, type RunningService } from '@mentorhub/service';
import { Calls } from '@mentorhub/task-calls';
import { createVhost, eventually, type TestDatabase, type TestVhost } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { createSchedulerDatabase, tasksIn } from '../../../test/replica.js';
import { schedulerService } from '../../scheduler-service.js';

const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
const task = 'accounts.cleanup-expired-tokens';

/** Two schedulers, and a caller as the gateway is one. */
describe('schedules at run time', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let replicas: RunningService[];
  let broker: Broker;
  let calls: Calls;

  const startReplica = () =>
    startService(
      schedulerService({
        DATABASE_URL: database.url,
        AMQP_URL: vhost.amqpUrl,
        PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
        HOST: '127.0.0.1',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
      }),
    );

  beforeAll(async () => {
    [database, vhost] = await Promise.all([createSchedulerDatabase(), createVhost()]);
    await database.query('DELETE FROM scheduler.schedule');
    replicas = await Promise.all([startReplica(), startReplica()]);
    const onFatal = ignore;
    const options = { url: vhost.amqpUrl, clientName: 'test', topology, topologyMode: 'declare' as const, onFatal };
    broker = new Broker({ ...options, logger: silent });
    broker.start();
    await broker.untilReady();
    calls = new Calls({ broker, exchanges, worker: 'test' });
    await eventually(() => calls.ask(ListSchedules, { limit: 1 }), { what: 'a scheduler to answer' });
  });
  afterEach(() => database.query('TRUNCATE scheduler.schedule, tasks.task'));
  afterAll(async () => {
    await broker?.close();
    await Promise.all((replicas ?? []).map((replica) => replica.stop()));
    await database?.remove();
    await vhost?.remove();
  });

  type Wanted = Partial<Omit<NewSchedule, 'name'>> & { name?: string };
  const create = (wanted: Wanted = {}, id: string = randomUUID()) => {
    const timing = wanted.every || wanted.at ? {} : { cron: '0 3 * * *' };
    return calls.ask(CreateSchedule, { schedule: { name: 'nightly', task, ...timing, ...wanted } }, { id });
  };
  const change = (parts: ScheduleChange, seen?: string[]) =>
    calls.ask(ChangeSchedule, { name: 'nightly', change: parts, seen });
  const find = () => calls.ask(FindSchedule, { name: 'nightly' });
  const faultsOf = (asking: Promise<unknown>): Promise<[string, string][]> =>
    asking.then(
      () => [],
      (error: { faults: { path: string[]; message: string }[] }) =>
        error.faults.map(({ path, message }) => [path.join('/'), message]),
    );
  const firedTasks = async () => (await tasksIn(database)).map(({ id }) => id);

  it('E42: are created with defaults, shown and listed by name', async () => {
    const { schedule, version } = await create();
    expect(schedule).toMatchObject({
      name: 'nightly',
      task,
      payload: {},
      cron: '0 3 * * *',
      timezone: 'UTC',
      startsAt: null,
      endsAt: null,
      jitter: 0,
      misfire: 'fire-once',
      misfireCap: 100,
      overlap: 'allow',
      overlapMaxAge: 86_400,
      enabled: true,
      nextFiring: expect.stringMatching(/T03:00:00\.000Z$/),
      lastFiring: null,
    });
    expect(await find()).toEqual({ schedule, version });
    await create({ name: 'a-second', every: 60 });
    await create({ name: 'z-third', at: '2031-05-01T12:00:00+02:00' });
    const first = await calls.ask(ListSchedules, { limit: 2 });
    expect(first).toMatchObject({ items: [{ name: 'a-second', every: 60 }, { name: 'nightly' }], more: true });
    const rest = await calls.ask(ListSchedules, { limit: 2, after: 'nightly' });
    expect(rest).toMatchObject({ items: [{ name: 'z-third', at: '2031-05-01T10:00:00.000Z' }], more: false });
  });

  it('E42: are refused under a name that is taken, unless the same call comes again', async () => {
    const id = randomUUID();
    const { version } = await create({}, id);
    expect((await create({}, id)).version).toBe(version);
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
    await create({ name: 'other' });
    await expect(change({ name: 'other' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('E42: are made once by a call that comes again when its time lies in the past meanwhile', async () => {
    const id = randomUUID();
    const { version } = await create({ at: tomorrow }, id);
    expect((await create({ at: '2020-01-01T00:00:00Z' }, id)).version).toBe(version);
  });

  it('E42: do not make up for an instant that passed while they were paused', async () => {
    await create({ at: tomorrow });
    await change({ enabled: false });
    await database.query(`UPDATE scheduler.schedule SET at = clock_timestamp() - interval '1 s'`);
    expect((await change({ enabled: true })).schedule).toMatchObject({ enabled: true, nextFiring: null });
    expect((await find()).schedule).toMatchObject({ nextFiring: null });
  });

  it.each<[Wanted, string, string]>([
    [{ cron: '61 * * * *' }, 'cron', 'field 1, the minute, is "61"'],
    [{ cron: '0 0 30 2 *' }, 'cron', 'names no time that ever comes'],
    [{ task: 'accounts.no-such-task' }, 'task', 'there is no task "accounts.no-such-task"'],
    [{ payload: { surprise: 1 } }, 'payload/surprise', 'is not a known field'],
    [{ at: '2020-01-01T00:00:00Z' }, 'at', 'lies in the past'],
    [{ at: '9999-12-31T23:59:59Z' }, 'at', 'must lie before the last hour of the year 9999'],
    [{ at: '2031-01-01T00:00:00Z', startsAt: '2031-01-02T00:00:00Z' }, 'at', 'lies outside of startsAt and endsAt'],
    [{ every: 2 * 86_400, endsAt: tomorrow }, 'every', 'has no slot between startsAt and endsAt'],
    [{ endsAt: '2020-01-01T00:00:00Z' }, 'endsAt', 'lies in the past'],
    [{ startsAt: '2031-01-02T00:00:00Z', endsAt: '2031-01-01T00:00:00Z' }, 'endsAt', 'lies before startsAt'],
    [
      { startsAt: '2031-01-02T04:00:00Z', endsAt: '2031-01-02T05:00:00Z' },
      'cron',
      'names no time that ever comes between',
    ],
  ])('E42: are refused with the place when they are %p', async (wanted, path, message) => {
    expect(await faultsOf(create(wanted))).toEqual([[path, expect.stringContaining(message)]]);
  });

  it('E42: fire by what they were changed to, at once and on every replica', async () => {
    await create();
    const { schedule } = await change({ cron: '* * * * * *', payload: {} });
    expect(schedule.cron).toBe('* * * * * *');
    await eventually(async () => (await firedTasks()).length >= 2, { what: 'two firings' });
    const { schedule: paused } = await change({ enabled: false });
    expect(paused).toMatchObject({ enabled: false, nextFiring: null });
    const fired = await firedTasks();
    const [probe] = await Promise.all([create({ name: 'probe', at: new Date(Date.now() + 2_200).toISOString() })]);
    await eventually(async () => (await calls.ask(FindSchedule, { name: 'probe' })).schedule.lastFiring, {
      what: 'the probe',
    });
    expect(probe.schedule.nextFiring).not.toBeNull();
    expect(await firedTasks()).toHaveLength(fired.length + 1);
    const { schedule: resumed } = await change({ enabled: true });
    expect(Date.parse(resumed.nextFiring!)).toBeGreaterThan(Date.parse(paused.updatedAt) + 1_000);
    await eventually(async () => (await firedTasks()).length > fired.length + 1, { what: 'the next firing' });
  });

  it('E42: keep what a change does not name, also the slot that they wait for, and raise their version', async () => {
    const created = await create({ every: 3600, jitter: 5 });
    const changed = await change({ misfire: 'skip', overlap: 'skip' });
    expect(changed.version).not.toBe(created.version);
    const { updatedAt: _, ...same } = created.schedule;
    expect(changed.schedule).toMatchObject({ ...same, misfire: 'skip', overlap: 'skip' });
    const other = await change({ at: '2031-05-01T12:00:00Z' });
    expect(other.schedule).toMatchObject({ at: '2031-05-01T12:00:00.000Z', jitter: 5 });
    expect(other.schedule).not.toHaveProperty('every');
    expect((await change({ name: 'renamed' })).schedule.name).toBe('renamed');
  });

  it('E42: are paused even when their task is gone, and not resumed by a change of something else', async () => {
    await create();
    await database.query(`UPDATE scheduler.schedule SET task = 'accounts.gone'`);
    expect((await change({ enabled: false })).schedule.enabled).toBe(false);
    expect((await change({ cron: '0 4 * * *' })).schedule).toMatchObject({ enabled: false, nextFiring: null });
    expect(await faultsOf(change({ payload: {} }))).toEqual([['task', expect.stringContaining('no task')]]);
  });

  it('E42: are changed and deleted only in the version that was seen, if one is named', async () => {
    const { version: first } = await create();
    const { version: second } = await change({ enabled: false }, [first]);
    // The same again, as when the answer was lost.
    expect(await change({ enabled: false }, [first])).toMatchObject({ version: second });
    await expect(change({ enabled: true }, [first])).rejects.toMatchObject({ code: 'stale' });
    await expect(calls.ask(DeleteSchedule, { name: 'nightly', seen: [first] })).rejects.toMatchObject({
      code: 'stale',
    });
    await calls.ask(DeleteSchedule, { name: 'nightly', seen: [first, second] });
    await expect(find()).rejects.toMatchObject({ code: 'not-found' });
    await create();
    await expect(change({ enabled: true }, [second])).rejects.toMatchObject({ code: 'stale' });
  });

  it('E42: of two changes at the same moment that saw the same version, one wins', async () => {
    const { version } = await create();
    const both = await Promise.allSettled([change({ jitter: 1 }, [version]), change({ jitter: 2 }, [version])]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('E42: run now, also while they are paused, once for each call', async () => {
    await create({ enabled: false });
    const id = randomUUID();
    const run = await calls.ask(RunSchedule, { name: 'nightly' }, { id });
    expect(run).toEqual({ id, state: 'queued' });
    await calls.ask(RunSchedule, { name: 'nightly' }, { id });
    expect(await firedTasks()).toEqual([id]);
    expect((await find()).schedule.lastFiring).toMatchObject({ taskId: id });
    await expect(calls.ask(RunSchedule, { name: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('E39: show their firings, across a clock change and with their jitter', async () => {
    await create({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    const preview = (count: number) =>
      calls.ask(PreviewSchedule, { name: 'nightly', from: '2030-03-30T12:00:00Z', count });
    expect((await preview(2)).firings).toEqual(['2030-03-31T01:00:00.000Z', '2030-04-01T00:30:00.000Z']);
    expect((await preview(1000)).firings).toHaveLength(1000);
    await change({ jitter: 60 });
    const [first] = (await preview(1)).firings;
    expect(Date.parse(first!)).toBeGreaterThanOrEqual(Date.parse('2030-03-31T01:00:00Z'));
    expect(Date.parse(first!)).toBeLessThan(Date.parse('2030-03-31T01:01:00Z'));
    expect((await preview(1)).firings).toEqual([first]);
  });

  it('end with the years that can be written', async () => {
    await create({ every: 366 * 86_400, startsAt: '9990-01-01T00:00:00Z', jitter: 3600 });
    const { firings } = await calls.ask(PreviewSchedule, {
      name: 'nightly',
      from: '2999-12-31T23:59:59Z',
      count: 1000,
    });
    expect(firings).toHaveLength(10);
    expect(firings.at(-1)).toMatch(/^9999-/);
    for (const beyond of [
      { at: '9999-12-31T23:59:59Z', jitter: 3600 },
      { cron: '59 23 31 12 *', timezone: 'America/Los_Angeles', startsAt: '9999-12-31T12:00:00Z' },
    ])
      await expect(create({ ...beyond, name: 'beyond' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('fire an instant that has just passed, and then have nothing more to come', async () => {
    await create({ at: new Date().toISOString() });
    await eventually(async () => (await firedTasks()).length === 1, { what: 'the firing' });
    expect((await find()).schedule).toMatchObject({
      nextFiring: null,
      enabled: true,
      lastFiring: { taskId: expect.anything() },
    });
  });
});
