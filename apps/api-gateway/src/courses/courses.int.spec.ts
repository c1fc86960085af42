import { randomUUID } from 'node:crypto';
import { startGateway, type RunningGateway } from '../../test/running-gateway.js';
import { ProblemAnswer } from '../problems/answers.js';
import { CourseAnswer } from './answers.js';

describe('courses', () => {
  let gateway: RunningGateway;
  let mentorId: string;

  beforeAll(async () => {
    gateway = await startGateway();
    const mentor = { email: 'bob@example.com', username: 'bob' };
    mentorId = (await gateway.request('POST', '/v1/users', mentor)).json.id;
  });
  afterAll(() => gateway.stop());

  const publish = (more: object = {}, headers: Record<string, string> = {}) =>
    gateway.request('POST', '/v1/courses', { title: 'Очереди & co.', mentorId, ...more }, headers);
  /** Courses, and events about them, which wait for a broker that is not there. */
  const stored = async () => ({
    courses: await gateway.database.query('SELECT id, title, mentor_id, xmin::text FROM gateway.course ORDER BY id'),
    events: await gateway.database.query(
      `SELECT convert_from(body, 'UTF8')::json AS body, xmin::text FROM tasks.event_outbox
       WHERE name = 'courses.course-published' ORDER BY convert_from(body, 'UTF8')::json ->> 'courseId'`,
    ),
  });

  it('are published with 201, the course and its event in one transaction', async () => {
    const { status, json } = await publish();
    expect(status).toBe(201);
    expect(CourseAnswer.parse(json)).toMatchObject({ title: 'Очереди & co.', mentorId });

    const { courses, events } = await stored();
    expect(courses).toMatchObject([{ id: json.id, title: 'Очереди & co.', mentor_id: mentorId }]);
    expect(events.map(({ body }) => body)).toEqual([
      { courseId: json.id, title: json.title, mentorId, publishedAt: json.publishedAt },
    ]);
    expect(events[0]?.['xmin']).toBe(courses[0]?.['xmin']);
  });

  it('are published once for an Idempotency-Key, also when two requests come at the same moment', async () => {
    const before = (await stored()).courses.length;
    const headers = { 'idempotency-key': randomUUID() };
    const [one, two] = await Promise.all([publish({}, headers), publish({}, headers)]);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.json).toEqual(one.json);
    expect((await publish({ title: 'Another' }, headers)).status).toBe(409);
    const after = await stored();
    expect([after.courses.length, after.events.length]).toEqual([before + 1, before + 1]);
  });

  it.each<[string, object, string[]]>([
    ['a mentor who does not exist', { mentorId: randomUUID() }, ['/mentorId']],
    ['an id that is none', { mentorId: "'; DROP TABLE gateway.course" }, ['/mentorId']],
    ['no mentor and no title', { mentorId: undefined, title: undefined }, ['/title', '/mentorId']],
    ['a blank title', { title: '  ' }, ['/title']],
    ['a title of two lines', { title: 'Queues\r\nBcc: all@example.com' }, ['/title']],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, ['/title']],
    ['an unknown field', { price: 5 }, ['/price']],
  ])('are refused with %s with 422 at its path, and nothing is stored', async (_, wrong, paths) => {
    const before = await stored();
    const refused = await publish(wrong);
    expect(refused.status).toBe(422);
    expect(ProblemAnswer.parse(refused.json).errors?.map(({ path }) => path)).toEqual(paths);
    expect(await stored()).toEqual(before);
  });

  it('need a key', async () => {
    expect((await publish({}, { authorization: '' })).status).toBe(401);
  });
});
