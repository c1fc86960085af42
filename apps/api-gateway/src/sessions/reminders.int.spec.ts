import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { inHours, Sessions, type Person } from '../../test/sessions.js';
import { HeldSession } from '../../test/held-session.js';

describe('reminders of sessions, run by the role worker', () => {
  let vhost: TestVhost;
  let gateway: RunningGateway;
  let sessions: Sessions;
  let student: Person;
  let mentor: Person;

  beforeAll(async () => {
    vhost = await createVhost();
    gateway = await startGateway({ ROLE: 'http,worker', AMQP_URL: vhost.amqpUrl });
    sessions = new Sessions(gateway);
    student = await sessions.person('ann', { fullName: 'Ann Smith', locale: 'ru', timezone: 'Europe/Moscow' });
    mentor = await sessions.person('bob', { timezone: 'Europe/Berlin' });
  });
  afterAll(async () => {
    await gateway.stop();
    await vhost.remove();
  });

  const booked = async (startsAt: string) => (await sessions.book(student, mentor, startsAt)).json;

  it('E44: mails both people once it is due, to the addresses that they have by then', async () => {
    const session = await booked(inHours(24));
    await sessions.query(`UPDATE gateway.user_account SET email = 'ann.new@example.com' WHERE id = $1`, [student.id]);
    await sessions.makeDue(session.reminder.taskId);

    expect(await sessions.outcome(session.reminder.taskId)).toEqual({ outcome: 'reminded' });
    const { id: sessionId, startsAt } = session;
    const common = { sessionId, startsAt, version: 1, durationMinutes: 60 };
    expect(await sessions.mails([sessionId])).toEqual([
      {
        ...common,
        email: 'ann.new@example.com',
        username: 'Ann Smith',
        role: 'student',
        partnerName: 'bob',
        locale: 'ru',
        timezone: 'Europe/Moscow',
      },
      {
        ...common,
        email: 'bob@example.com',
        username: 'bob',
        role: 'mentor',
        partnerName: 'Ann Smith',
        locale: 'en',
        timezone: 'Europe/Berlin',
      },
    ]);
    const lanes = await sessions.query(
      `SELECT DISTINCT queue, expires_at FROM tasks.task WHERE name = 'email.send-session-reminder' AND convert_from(payload, 'UTF8') LIKE $1`,
      [`%${sessionId}%`],
    );
    expect(lanes).toEqual([{ queue: 'email-bulk', expires_at: new Date(startsAt) }]);
    expect(await sessions.read(sessionId)).toMatchObject({ reminder: { enqueued: true } });
  });

  it('E44: reminds at once of a session that is booked less than an hour ahead', async () => {
    const session = await booked(inHours(0.5));

    expect(await sessions.outcome(session.reminder.taskId)).toEqual({ outcome: 'reminded' });
    expect(await sessions.mails([session.id])).toHaveLength(2);
  });

  it('E44: booked, moved, moved back: only the last reminder mails; cancelled after all: none of the others does', async () => {
    const [first, second] = [inHours(24), inHours(48)];
    const session = await booked(first);
    const moved = (await sessions.move(session.id, second)).json;
    const back = (await sessions.move(session.id, first)).json;
    await sessions.makeDue(back.reminder.taskId);
    await sessions.outcome(back.reminder.taskId);
    const again = (await sessions.move(session.id, second)).json;
    await sessions.cancel(session.id);

    expect((await sessions.mails([session.id])).map(({ version }) => version)).toEqual([3, 3]);
    for (const { reminder } of [session, moved, again])
      expect(await sessions.task(reminder.taskId)).toMatchObject({ state: 'revoked' });
  });

  it('E44: does nothing at the old time of a session that was moved by SQL', async () => {
    const session = await booked(inHours(24));
    await sessions.query(`UPDATE gateway.session SET starts_at = starts_at + '1 day' WHERE id = $1`, [session.id]);
    await sessions.makeDue(session.reminder.taskId);

    expect(await sessions.outcome(session.reminder.taskId)).toEqual({ outcome: 'moved' });
    expect(await sessions.mails([session.id])).toEqual([]);
  });

  it('E44: reminds nobody of what has begun, when the worker was away until then', async () => {
    const [begun] = await sessions.import(student, mentor, 1, '-1 minute');
    const payload = { sessionId: begun, version: 1 };
    const { id: task } = (await gateway.request('POST', '/v1/tasks', { task: 'sessions.remind', payload })).json;
    expect(await sessions.outcome(task)).toEqual({ outcome: 'started' });

    const late = await booked(inHours(24));
    const past = `UPDATE tasks.task SET expires_at = clock_timestamp() - interval '1 s' WHERE id = $1`;
    await sessions.query(past, [late.reminder.taskId]);
    await sessions.makeDue(late.reminder.taskId);
    const expired = async () =>
      (await vhost.management.getMessages('task-events', 200)).find(
        ({ text }) => text.includes(late.reminder.taskId) && text.includes('expired'),
      );
    await eventually(expired, { what: 'the reminder to expire' });
    expect(await sessions.mails([String(begun), late.id])).toEqual([]);
  });

  it.each([
    ['a cancellation', (id: string) => sessions.cancel(id), 204, 'cancelled'],
    ['a move', (id: string) => sessions.move(id, inHours(72)), 200, 'moved'],
  ])('E44: %s at the last moment wins over the reminder that waits behind it', async (_, change, status, outcome) => {
    const { id, reminder } = await booked(inHours(24));
    const held = await HeldSession.lock(gateway.database.url, id);
    try {
      const changing = change(id);
      await held.untilWaiting(1);
      await sessions.makeDue(reminder.taskId);
      await held.untilWaiting(2);
      await held.letGo();
      expect((await changing).status).toBe(status);
    } finally {
      await held.letGo();
    }

    expect(await sessions.outcome(reminder.taskId)).toEqual({ outcome });
    expect(await sessions.mails([id])).toEqual([]);
  });

  it('E44: a cancellation right after the reminder revokes its mails while they wait', async () => {
    const session = await booked(inHours(0.5));
    await sessions.outcome(session.reminder.taskId);
    await sessions.cancel(session.id);

    const tombs = await sessions.query(
      `SELECT count(*)::integer AS count FROM tasks.revocation v JOIN tasks.task t ON t.id = v.task_id
       WHERE t.name = 'email.send-session-reminder' AND convert_from(t.payload, 'UTF8') LIKE $1`,
      [`%${session.id}%`],
    );
    expect(tombs).toEqual([{ count: 2 }]);
  });
});
