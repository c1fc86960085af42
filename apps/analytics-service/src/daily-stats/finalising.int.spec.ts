import { randomUUID } from 'node:crypto';
import { SendAdminNotification, UserRegistered } from '@mentorhub/contracts';
import { eventually, eventuallyPasses } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { RunningAnalytics, taskEvent } from '../../test/running-analytics.js';
import { DailyCounts } from './daily-counts.js';

const day = '2025-11-22';
const noon = `${day}T12:00:00.000Z`;
const admins = ['ann@example.org', 'bob@example.org'];

let analytics: RunningAnalytics;

beforeAll(async () => {
  analytics = await RunningAnalytics.start({ ADMIN_EMAILS: admins.join(',') });
});
afterEach(() => analytics.forgetAll());
afterAll(() => analytics.stop());

async function registered(registeredAt: string): Promise<void> {
  await analytics.tell(UserRegistered, { userId: randomUUID(), registeredAt });
  const counted = async () => (await analytics.readOne(registeredAt.slice(0, 10))).newUsers === 1;
  await eventually(counted, { what: 'the registration to be counted' });
}

const digests = async () => {
  const sql = `SELECT convert_from(payload, 'UTF8')::json ->> 'email' AS email FROM tasks.task WHERE name = $1 ORDER BY 1`;
  const rows = await analytics.database.query<{ email: string }>(sql, [SendAdminNotification.name]);
  return rows.map(({ email }) => email);
};

describe('finalising a day', () => {
  it("E43: is done for the day before today by PostgreSQL's clock unless a date is given", async () => {
    const yesterday = await analytics.day(1);
    await registered(`${yesterday}T12:00:00Z`);

    const expected = { date: yesterday, newUsers: 1, final: true, correctedAt: null };
    expect(await analytics.generated()).toMatchObject(expected);
    const days = await analytics.read(await analytics.day(2), await analytics.day(0));
    expect(days.map(({ final }) => final)).toEqual([false, true, false]);
  });

  it('gives the same result when it is run again', async () => {
    await registered(noon);
    await analytics.tellTasks([taskEvent('email.send', 'succeeded', noon)]);
    await eventually(async () => (await analytics.readOne(day)).mails.sent === 1, { what: 'the mail to be counted' });

    const first = await analytics.generated(day);
    expect(first).toMatchObject({ date: day, final: true, newUsers: 1, mails: { sent: 1 } });
    expect(await analytics.generated(day)).toEqual(first);
  });

  it('is corrected by what happened on that day and comes late, which is told', async () => {
    expect(await analytics.generated(day)).toMatchObject({ newUsers: 0, correctedAt: null });
    await registered(noon);
    await analytics.tellTasks([taskEvent('email.send', 'failed', noon)]);
    await eventually(async () => (await analytics.readOne(day)).mails.failed === 1, { what: 'the mail to be counted' });

    const corrected = await analytics.readOne(day);
    expect(corrected).toMatchObject({ final: true, newUsers: 1, correctedAt: expect.any(String) });
    expect(await analytics.generated(day)).toEqual(corrected);
  });

  it('waits for what is being counted at that moment', async () => {
    const runner = analytics.service.app.get(DataSource).createQueryRunner();
    await runner.startTransaction();
    await analytics.service.app.get(DailyCounts).add(runner.manager, [{ kind: 'users-registered', at: noon }]);
    const task = await analytics.generate(day);
    const waiting = () =>
      analytics.database.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    await eventually(async () => (await waiting()).length === 1, { what: 'the task to wait' });
    await runner.commitTransaction();
    await runner.release();

    expect(await task.result({ timeoutSeconds: 200 })).toMatchObject({ newUsers: 1, correctedAt: null });
  });

  it('is refused for good while the day is not over', async () => {
    const today = await analytics.day(0);
    const task = await analytics.generate(today);
    await expect(task.result({ timeoutSeconds: 200 })).rejects.toThrow(/is not over in UTC/);
    expect(await analytics.readOne(today)).toMatchObject({ final: false });
  });

  it('is made up for on days that were missed since the last one, but not before the first', async () => {
    await analytics.generated(await analytics.day(4));
    await analytics.generated();
    const [from, to] = [await analytics.day(5), await analytics.day(0)];
    await eventuallyPasses(async () => {
      const days = await analytics.read(from, to);
      expect(days.map(({ final }) => final)).toEqual([false, true, true, true, true, false]);
    });
  });

  it('tells each admin once, also when it is done twice at the same time, and again later', async () => {
    await Promise.all([analytics.generated(day), analytics.generated(day)]);
    expect(await digests()).toEqual(admins);
    // Also when its mails have been forgotten meanwhile.
    await analytics.database.query('DELETE FROM tasks.task WHERE name = $1', [SendAdminNotification.name]);
    await analytics.generated(day);
    expect(await digests()).toEqual([]);
  });
});
