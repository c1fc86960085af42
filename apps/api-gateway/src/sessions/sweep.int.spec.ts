import { RecordHeldSessions, SessionHeld } from '@mentorhub/contracts';
import { derivedId } from '@mentorhub/task-store';
import { createVhost, eventually, eventuallyPasses, type TestVhost } from '@mentorhub/testing';
import { DataSource } from 'typeorm';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { inHours, Sessions, type Person } from '../../test/sessions.js';

const heard = 'heard';

describe('the hourly sweep of sessions', () => {
  let vhost: TestVhost;
  let gateway: RunningGateway;
  let sessions: Sessions;
  let student: Person;
  let mentor: Person;

  beforeAll(async () => {
    vhost = await createVhost();
    gateway = await startGateway({ ROLE: 'http,worker', AMQP_URL: vhost.amqpUrl });
    sessions = new Sessions(gateway);
    student = await sessions.person('ann');
    mentor = await sessions.person('bob');
    await eventually(() => vhost.management.queue('email-bulk'), { what: 'the topology' });
    await vhost.management.declareQueue(heard);
    await vhost.management.bind('events', heard, SessionHeld.name);
  });
  afterEach(async () => {
    await sessions.query('DELETE FROM gateway.session');
  });
  afterAll(async () => {
    await gateway.stop();
    await vhost.remove();
  });

  const reminded = async (ids: readonly string[]) =>
    eventually(
      async () =>
        (await sessions.query(`SELECT FROM gateway.session WHERE id = ANY ($1) AND reminded_version = version`, [ids]))
          .length === ids.length,
      { what: `${ids.length} sessions to be reminded of` },
    );
  /** Of each session exactly one mail to each of the two. */
  const expectOnce = async (ids: readonly string[]) => {
    const mails = await sessions.mails(ids);
    expect(mails.map(({ sessionId, role }) => `${sessionId} ${String(role)}`).sort()).toEqual(
      ids.flatMap((id) => [`${id} mentor`, `${id} student`]).sort(),
    );
  };

  it('E44: reminds of what was imported by SQL and starts within the hour, and of nothing else', async () => {
    const soon = await sessions.import(student, mentor, 3, '40 minutes');
    const others = [
      ...(await sessions.import(student, mentor, 1, '61 minutes')),
      ...(await sessions.import(student, mentor, 1, '-1 minute')),
    ];
    const [cancelled] = await sessions.import(student, mentor, 1, '30 minutes');
    await sessions.query('UPDATE gateway.session SET cancelled_at = now() WHERE id = $1', [cancelled]);

    expect(await sessions.pagesOf(await sessions.sweep())).toEqual([3]);
    await reminded(soon);
    await expectOnce(soon);
    expect(await sessions.mails([...others, String(cancelled)])).toEqual([]);
  });

  it('E44: never doubles: neither a booked reminder, nor one of another sweep at the same time', async () => {
    const booked = (await sessions.book(student, mentor, inHours(0.7))).json;
    const imported = await sessions.import(student, mentor, 20, '30 minutes');
    const sweeps = await Promise.all([sessions.sweep(), sessions.sweep(), sessions.sweep()]);
    await Promise.all(sweeps.map((sweep) => sessions.pagesOf(sweep)));
    await reminded([booked.id, ...imported]);
    expect(await sessions.pagesOf(await sessions.sweep())).toEqual([0]);

    await expectOnce([booked.id, ...imported]);
  });

  it('E44: reminds once of a booked session that was moved into the hour by SQL', async () => {
    const { id, reminder } = (await sessions.book(student, mentor, inHours(24))).json;
    await sessions.query(`UPDATE gateway.session SET starts_at = now() + interval '30 minutes' WHERE id = $1`, [id]);
    await sessions.pagesOf(await sessions.sweep());
    await reminded([id]);
    await sessions.makeDue(reminder.taskId);

    expect(await sessions.outcome(reminder.taskId)).toEqual({ outcome: 'moved' });
    await expectOnce([id]);
  });

  it('E43, E44: fans out in pages; a worker cut off in the middle of one leaves nothing of it, and each is reminded once', async () => {
    const imported = await sessions.import(student, mentor, 450, '30 minutes');
    // Enqueueing the next page waits for a lock that the test holds: the page is written, and not committed.
    await sessions.query(`
      CREATE FUNCTION public.wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
      CREATE TRIGGER wait_for_test BEFORE INSERT ON tasks.task FOR EACH ROW
        WHEN (NEW.name = 'sessions.send-reminders' AND convert_from(NEW.payload, 'UTF8') LIKE '%after%')
        EXECUTE FUNCTION public.wait_for_test()`);
    const lock = gateway.service.app.get(DataSource).createQueryRunner();
    await lock.startTransaction();
    await lock.query('SELECT pg_advisory_xact_lock(4711)');
    const sweep = await sessions.sweep();
    const cutOff = await eventually(
      async () =>
        (
          await sessions.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'advisory'`)
        ).length,
      { what: 'the page to wait' },
    );
    const enqueued = `SELECT FROM tasks.task WHERE name = 'sessions.remind' AND convert_from(payload, 'UTF8')::json ->> 'sessionId' = ANY ($1)`;
    expect(cutOff).toBe(1);
    expect(await sessions.query(enqueued, [imported])).toEqual([]);
    await lock.rollbackTransaction();
    await lock.release();

    expect(await sessions.pagesOf(sweep)).toEqual([200, 200, 50]);
    await reminded(imported);
    await expectOnce(imported);
    expect(await sessions.query(enqueued, [imported])).toHaveLength(450);
  });

  it('tells once of each session that was held, and of none that was cancelled or goes on', async () => {
    const held = await sessions.import(student, mentor, 3, '-2 hours');
    const [goesOn] = await sessions.import(student, mentor, 1, '-5 minutes');
    const [cancelled] = await sessions.import(student, mentor, 1, '-2 hours');
    await sessions.query('UPDATE gateway.session SET cancelled_at = now() WHERE id = $1', [cancelled]);
    for (const expected of [3, 0]) {
      const task = derivedId(await sessions.sweep(), RecordHeldSessions.name);
      expect(await sessions.outcome(task)).toEqual({ held: expected });
    }

    const views = await Promise.all([...held, goesOn, cancelled].map((id) => sessions.read(String(id))));
    expect(views.map(({ state }) => state)).toEqual(['held', 'held', 'held', 'scheduled', 'cancelled']);
    await eventuallyPasses(async () => {
      const told = (await vhost.management.getMessages(heard, 100)).map((message) => message.json());
      const ended = (startsAt: string) => new Date(Date.parse(startsAt) + 30 * 60_000).toISOString();
      const expected = views
        .slice(0, 3)
        .map(({ id, startsAt }) => ({ sessionId: id, startsAt, heldAt: ended(startsAt) }));
      expect(told).toHaveLength(3);
      expect(told).toEqual(expect.arrayContaining(expected));
    });
  });
});
