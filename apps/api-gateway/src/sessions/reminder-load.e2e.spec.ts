import type { RunningService } from '@mentorhub/service';
import { Tasks } from '@mentorhub/tasks';
import { eventually, sized, type ReceivedMail } from '@mentorhub/testing';
import { Platform } from '../../test/platform.js';
import { startGateway } from '../../test/running-gateway.js';
import type { GatewayConfig } from '../config.js';
import { mailTaskId, roles } from './reminder-mails.js';
import { reminderRequest } from './session-reminder.js';
import type { Session } from './session.entity.js';

const count = sized({ short: 300, full: 100_000 });
/** The reminders fall due over this time. */
const dueOverSeconds = sized({ short: 2, full: 60 });
const people = 1_000;
const groupSize = 1_000;
const resets = sized({ short: 3, full: 30 });
/** Reminders that may go out between the request of a password reset and its mail; far less than wait behind each other. */
const mostMailsBefore = sized({ short: 100, full: 2_000 });
const timeoutSeconds = sized({ short: 600, full: 3_000 });

type BookedSession = Pick<Session, 'id' | 'version' | 'startsAt'>;

describe(`${count} sessions whose reminders fall due in the same minute`, () => {
  let platform: Platform;
  /** Books in this process; it has no broker, so all that it does is in the database. */
  let desk: RunningService<GatewayConfig>;

  beforeAll(async () => {
    platform = await Platform.start({
      smtp: { keep: 'envelope' },
      // Without admins nobody gets the digest of the day, when 01:00 UTC comes meanwhile.
      env: { ADMIN_EMAILS: '', LOG_LEVEL: 'warn', OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_BSP_SCHEDULE_DELAY: '' },
    });
    ({ service: desk } = await startGateway({}, platform.database));
    await platform.database.query(
      `INSERT INTO gateway.user_account (id, email, username, locale, timezone)
       SELECT gen_random_uuid(), 'person' || n || '@example.com', 'person' || n, 'en', 'Europe/Berlin' FROM generate_series(1, $1) n`,
      [people],
    );
  });

  afterAll(async () => {
    await desk?.stop();
    await platform?.stop();
  });

  /** Rows by SQL, and the reminders as booking enqueues them. */
  async function bookAll(): Promise<BookedSession[]> {
    const sessions = await platform.database.query<BookedSession>(
      `WITH person AS (SELECT id, row_number() OVER () - 1 AS n FROM gateway.user_account)
       INSERT INTO gateway.session (student_id, mentor_id, starts_at, duration_minutes)
       SELECT student.id, mentor.id, clock_timestamp() + interval '1 hour' + make_interval(secs => $2 * (1 + i::float8 / $1)), 60
       FROM generate_series(1, $1::integer) i
         JOIN person student ON student.n = i % $3 JOIN person mentor ON mentor.n = (i + 1) % $3
       RETURNING id, version, starts_at AS "startsAt"`,
      [count, dueOverSeconds, people],
    );
    const tasks = desk.app.get(Tasks);
    for (let from = 0; from < count; from += groupSize)
      await tasks.enqueueMany(sessions.slice(from, from + groupSize).map(reminderRequest));
    return sessions;
  }

  const sent = () => platform.smtp.mails.length;
  const untilSent = (wanted: number) =>
    eventually(() => sent() >= wanted, { timeoutSeconds, what: `${wanted} mails`, intervalMilliseconds: 20 });

  /** Asks for a password reset while reminders go out; how many of them came until its own mail was there. */
  async function resetMeanwhile(n: number, isReminder: (mail: ReceivedMail) => boolean) {
    const email = `person${n}@example.com`;
    const before = sent();
    const since = performance.now();
    expect((await platform.request('POST', '/v1/password-resets', { email })).status).toBe(202);
    const mine = await eventually(
      () => platform.smtp.mails.slice(before).find((mail) => mail.envelope.to[0] === email && !isReminder(mail)),
      { timeoutSeconds, what: `the reset mail to ${email}`, intervalMilliseconds: 20 },
    );
    return {
      mailsBefore: platform.smtp.mails.indexOf(mine) - before,
      seconds: (mine.receivedAt - since) / 1000,
    };
  }

  it(
    'mails each person of each once, beside a sweep, while a password reset does not wait for them',
    async () => {
      const sessions = await bookAll();
      const reminders = new Set(sessions.flatMap((session) => roles.map((role) => mailTaskId(session, role))));
      const taskOf = ({ messageId }: ReceivedMail) => messageId.slice(1, messageId.indexOf('@'));
      await untilSent(1);
      const first = platform.smtp.mails[0]!.receivedAt;
      await platform.request('POST', '/v1/tasks', { task: 'sessions.send-reminders' });

      const waits: Awaited<ReturnType<typeof resetMeanwhile>>[] = [];
      for (let n = 1; n <= resets; n += 1) {
        await untilSent((reminders.size * n) / (resets + 2));
        waits.push(await resetMeanwhile(n, (mail) => reminders.has(taskOf(mail))));
      }
      await untilSent(reminders.size + resets);
      await nothingWaits();
      print(platform.smtp.mails.at(-1)!.receivedAt - first, waits);

      const mails = platform.smtp.mails.map(taskOf).filter((id) => reminders.has(id));
      expect(mails).toHaveLength(reminders.size);
      expect(new Set(mails).size).toBe(reminders.size);
      expect(sent()).toBe(reminders.size + resets);
      expect(Math.max(...waits.map(({ mailsBefore }) => mailsBefore))).toBeLessThan(mostMailsBefore);
    },
    timeoutSeconds * 1000,
  );

  /** Until then a second mail could still come. */
  async function nothingWaits(): Promise<void> {
    const open = `SELECT count(*)::int AS n FROM tasks.task WHERE finished_at IS NULL AND name LIKE '%remind%'`;
    await eventually(async () => (await platform.database.query<{ n: number }>(open))[0]?.n === 0, {
      timeoutSeconds,
      what: 'all tasks of reminders to have ended',
      intervalMilliseconds: 250,
    });
  }

  function print(milliseconds: number, waits: readonly { mailsBefore: number; seconds: number }[]): void {
    const seconds = waits.map((wait) => wait.seconds).sort((a, b) => a - b);
    const figures = {
      sessions: count,
      mails: 2 * count,
      seconds: Math.round(milliseconds / 100) / 10,
      mailsPerSecond: Math.round((2 * count) / (milliseconds / 1000)),
      resetSeconds: { median: seconds[Math.floor(seconds.length / 2)], most: seconds.at(-1) },
      remindersBeforeAReset: Math.max(...waits.map(({ mailsBefore }) => mailsBefore)),
    };
    process.stdout.write(`Reminders due in the same minute: ${JSON.stringify(figures)}\n`);
  }
});
