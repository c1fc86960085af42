import { randomUUID } from 'node:crypto';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { inHours, Sessions, type Person } from '../../test/sessions.js';
import { ProblemAnswer } from '../problems/answers.js';
import { SessionAnswer, SessionsAnswer } from './answers.js';

describe('sessions', () => {
  let gateway: RunningGateway;
  let sessions: Sessions;
  let student: Person;
  let mentor: Person;

  beforeAll(async () => {
    gateway = await startGateway();
    sessions = new Sessions(gateway);
    student = await sessions.person('ann');
    mentor = await sessions.person('bob');
  });
  afterAll(() => gateway.stop());

  const booked = async (startsAt: string) => (await sessions.book(student, mentor, startsAt)).json;
  /** Events about a session, which wait for a broker that is not there. */
  const events = async (id: string) =>
    (
      await sessions.query(
        `SELECT name, convert_from(body, 'UTF8')::json AS body, xmin::text AS xmin FROM tasks.event_outbox
         WHERE convert_from(body, 'UTF8')::json ->> 'sessionId' = $1 ORDER BY created_at`,
        [id],
      )
    ).map((row) => row as { name: string; body: Record<string, unknown>; xmin: string });

  it('E44: booking answers 201 and writes the session, its event and its reminder in one transaction', async () => {
    const startsAt = inHours(48);
    const { status, headers, json } = await sessions.book(student, mentor, startsAt);

    expect(status).toBe(201);
    expect(SessionAnswer.parse(json)).toMatchObject({
      studentId: student.id,
      mentorId: mentor.id,
      startsAt,
      durationMinutes: 60,
      state: 'scheduled',
      version: 1,
      reminder: { enqueued: false },
    });
    expect(headers.get('location')).toBe(`/v1/sessions/${json.id}`);
    expect(await sessions.read(json.id)).toEqual(json);
    const [event] = await events(json.id);
    expect(event).toMatchObject({
      name: 'sessions.session-scheduled',
      body: { studentId: student.id, mentorId: mentor.id, startsAt, durationMinutes: 60, scheduledAt: json.createdAt },
    });
    const [row] = await sessions.query(
      `SELECT s.xmin = t.xmin AS together, s.xmin::text AS xmin, t.state, t.due_at, t.expires_at, convert_from(t.payload, 'UTF8')::json AS payload
       FROM gateway.session s, tasks.task t WHERE s.id = $1 AND t.id = $2`,
      [json.id, json.reminder.taskId],
    );
    expect(row).toMatchObject({
      together: true,
      xmin: event!.xmin,
      state: 'scheduled',
      due_at: new Date(Date.parse(startsAt) - 3_600_000),
      expires_at: new Date(startsAt),
      payload: { sessionId: json.id, version: 1 },
    });
  });

  it('E44: moving moves the reminder, and back again works', async () => {
    const [first, second] = [inHours(30), inHours(60)];
    const { id, reminder } = await booked(first);
    const moved = (await sessions.move(id, second)).json;
    const back = (await sessions.move(id, first)).json;

    expect(moved).toMatchObject({ startsAt: second, version: 2 });
    expect(back).toMatchObject({ startsAt: first, version: 3 });
    const ids = [reminder, moved.reminder, back.reminder].map(({ taskId }) => taskId as string);
    expect(new Set(ids).size).toBe(3);
    expect(await Promise.all(ids.map(async (task) => (await sessions.task(task))?.['state']))).toEqual([
      'revoked',
      'revoked',
      'scheduled',
    ]);
    expect((await sessions.task(ids[2]!))?.['due_at']).toEqual(new Date(Date.parse(first) - 3_600_000));
    const [, told] = await events(id);
    expect(told).toMatchObject({
      name: 'sessions.session-rescheduled',
      body: { version: 2, startsAt: second, previousStartsAt: first },
    });
  });

  it('E44: moving it to where it is changes nothing', async () => {
    const session = await booked(inHours(20));
    const same = await sessions.move(session.id, session.startsAt.replace('Z', '+00:00'));

    expect(same).toMatchObject({ status: 200, json: session });
    expect(await events(session.id)).toHaveLength(1);
  });

  it('E44: cancelling revokes the reminder, tells once, and can be repeated', async () => {
    const { id, reminder, startsAt } = await booked(inHours(20));

    expect((await sessions.cancel(id)).status).toBe(204);
    expect((await sessions.cancel(id)).status).toBe(204);
    expect(await sessions.read(id)).toMatchObject({ state: 'cancelled' });
    expect(await sessions.task(reminder.taskId)).toMatchObject({ state: 'revoked' });
    expect((await events(id)).map(({ name }) => name)).toEqual([
      'sessions.session-scheduled',
      'sessions.session-cancelled',
    ]);
    expect((await events(id))[1]?.body).toMatchObject({ sessionId: id, startsAt });
    const moved = await sessions.move(id, inHours(30));
    expect(moved).toMatchObject({ status: 409, json: { detail: expect.stringContaining('Book a new one') } });
  });

  it('answers 409 to a change of what has begun', async () => {
    const { id } = await booked(inHours(20));
    await sessions.query(`UPDATE gateway.session SET starts_at = now() WHERE id = $1`, [id]);

    for (const refused of [await sessions.move(id, inHours(5)), await sessions.cancel(id)])
      expect(refused).toMatchObject({ status: 409, json: { detail: expect.stringContaining('begun') } });
  });

  it.each(['nonsense', '00000000-0000-4000-8000-000000000000', '%00', 'a'.repeat(99)])(
    'answers 404 for the session %s',
    async (id) => {
      expect((await gateway.request('GET', `/v1/sessions/${id}`)).status).toBe(404);
      expect((await sessions.move(id, inHours(5))).status).toBe(404);
      expect((await sessions.cancel(id)).status).toBe(404);
    },
  );

  it('A4: books once for the same Idempotency-Key', async () => {
    const body = { studentId: student.id, mentorId: mentor.id, startsAt: inHours(9), durationMinutes: 30 };
    const send = () => gateway.request('POST', '/v1/sessions', body, { 'idempotency-key': 'once' });
    const answers = await Promise.all([send(), send(), send()]);

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await events(answers[0].json.id)).toHaveLength(1);
  });

  it('lists from the latest start to the earliest, page by page', async () => {
    const hours = [300, 301, 302, 303, 304];
    for (const hour of hours) await booked(inHours(hour));
    const all: { startsAt: string }[] = [];
    let cursor = '';
    do {
      const page = await gateway.request('GET', `/v1/sessions?limit=2${cursor && `&cursor=${cursor}`}`);
      SessionsAnswer.parse(page.json);
      expect(page.json.items.length).toBeLessThanOrEqual(2);
      all.push(...page.json.items);
      cursor = page.json.nextCursor;
    } while (cursor);

    expect(all).toEqual((await gateway.request('GET', '/v1/sessions?limit=200')).json.items);
    expect(all.map(({ startsAt }) => startsAt)).toEqual(
      all
        .map(({ startsAt }) => startsAt)
        .sort()
        .reverse(),
    );
    expect(all.length).toBeGreaterThanOrEqual(hours.length);
  });

  describe('bad input', () => {
    const good = () => ({
      studentId: student.id,
      mentorId: mentor.id,
      startsAt: inHours(5),
      durationMinutes: 60,
    });
    const counted = () =>
      sessions.query(
        'SELECT (SELECT count(*) FROM gateway.session) AS sessions, (SELECT count(*) FROM tasks.task) AS tasks, (SELECT count(*) FROM tasks.event_outbox) AS events',
      );

    it.each<[string, (fits: ReturnType<typeof good>) => object, string[]]>([
      ['a time that is past', () => ({ startsAt: inHours(-0.001) }), ['/startsAt']],
      ['a time in three years', () => ({ startsAt: inHours(3 * 8760) }), ['/startsAt']],
      ['a time without an offset', () => ({ startsAt: '2030-01-01T10:00:00' }), ['/startsAt']],
      ['a day that does not exist', () => ({ startsAt: '2030-02-30T10:00:00Z' }), ['/startsAt']],
      ['a student who does not exist', () => ({ studentId: randomUUID() }), ['/studentId']],
      ['a mentor who does not exist', () => ({ mentorId: randomUUID() }), ['/mentorId']],
      [
        'nobody who exists and a past time, all at once',
        () => ({ studentId: randomUUID(), mentorId: randomUUID(), startsAt: inHours(-5) }),
        ['/studentId', '/mentorId', '/startsAt'],
      ],
      ['an id that is none', () => ({ studentId: "'; DROP TABLE gateway.session" }), ['/studentId']],
      ['a student as the mentor', ({ studentId }) => ({ mentorId: studentId.toUpperCase() }), ['/mentorId']],
      [
        'no time at all',
        () => ({ startsAt: undefined, durationMinutes: undefined }),
        ['/startsAt', '/durationMinutes'],
      ],
      ['four minutes', () => ({ durationMinutes: 4 }), ['/durationMinutes']],
      ['nine hours', () => ({ durationMinutes: 541 }), ['/durationMinutes']],
      ['half a minute', () => ({ durationMinutes: 30.5 }), ['/durationMinutes']],
      ['an unknown field', () => ({ version: 7 }), ['/version']],
    ])('E44: refuses %s with 422 at its path, and stores nothing', async (_, wrong, paths) => {
      const before = await counted();
      const refused = await gateway.request('POST', '/v1/sessions', { ...good(), ...wrong(good()) });

      expect(refused.status).toBe(422);
      expect(ProblemAnswer.parse(refused.json).errors?.map(({ path }) => path)).toEqual(paths);
      expect(await counted()).toEqual(before);
    });

    it('refuses a move to the past and leaves the session where it was', async () => {
      const session = await booked(inHours(6));
      const refused = await sessions.move(session.id, inHours(-1));

      expect(refused).toMatchObject({ status: 422, json: { errors: [{ path: '/startsAt' }] } });
      expect(await sessions.read(session.id)).toEqual(session);
    });

    it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'cursor=', 'page=2'])(
      'refuses the query %s with 422',
      async (query) => {
        expect((await gateway.request('GET', `/v1/sessions?${query}`)).status).toBe(422);
      },
    );

    it('needs a key', async () => {
      const refused = await gateway.request('POST', '/v1/sessions', good(), { authorization: '' });
      expect(refused.status).toBe(401);
    });
  });
});
