import { randomUUID } from 'node:crypto';
import { CoursePublished, SessionCancelled, SessionHeld, SessionScheduled, UserRegistered } from '@mentorhub/contracts';
import { eventually, eventuallyPasses } from '@mentorhub/testing';
import { RunningAnalytics, taskEvent } from '../../test/running-analytics.js';

let analytics: RunningAnalytics;

beforeAll(async () => {
  analytics = await RunningAnalytics.start();
});
afterEach(() => analytics.forgetAll());
afterAll(() => analytics.stop());

const registered = (registeredAt: string, eventId?: string) =>
  analytics.tell(UserRegistered, { userId: randomUUID(), registeredAt }, eventId);

describe('the daily statistics', () => {
  it('count each kind of event on the UTC day on which it happened, in whatever order they are heard of', async () => {
    const [sessionId, studentId, mentorId] = [randomUUID(), randomUUID(), randomUUID()];
    const startsAt = '2025-12-01T10:00:00.000Z';
    const booked = { sessionId, studentId, mentorId, startsAt, durationMinutes: 60 };
    const course = { courseId: randomUUID(), title: 'Queues', mentorId };
    await registered('2025-11-23T00:00:00.000Z');
    await registered('2025-11-22T23:59:59.999Z');
    await registered('2025-11-22T00:00:00.000Z');
    await analytics.tell(SessionScheduled, { ...booked, scheduledAt: '2025-11-22T08:00:00.000Z' });
    await analytics.tell(SessionScheduled, { ...booked, scheduledAt: '2025-11-22T09:00:00.000Z' });
    await analytics.tell(SessionHeld, { sessionId, startsAt, heldAt: '2025-11-23T10:00:00.000Z' });
    await analytics.tell(SessionCancelled, { sessionId, startsAt, cancelledAt: '2025-11-22T10:00:00.000Z' });
    await analytics.tell(CoursePublished, { ...course, publishedAt: '2025-11-22T11:00:00.000Z' });

    await eventuallyPasses(async () =>
      expect(await analytics.read('2025-11-21', '2025-11-23')).toMatchObject([
        { date: '2025-11-21', newUsers: 0, sessions: { booked: 0, cancelled: 0, held: 0 }, coursesPublished: 0 },
        { date: '2025-11-22', newUsers: 2, sessions: { booked: 2, cancelled: 1, held: 0 }, coursesPublished: 1 },
        { date: '2025-11-23', newUsers: 1, sessions: { booked: 0, cancelled: 0, held: 1 }, coursesPublished: 0 },
      ]),
    );
  });

  it('B17: count an event once although it comes three times', async () => {
    const eventId = randomUUID();
    for (let n = 0; n < 3; n++) await registered('2025-11-22T12:00:00Z', eventId);
    await registered('2025-11-24T12:00:00Z');
    await eventuallyPasses(async () => expect(await analytics.readOne('2025-11-24')).toMatchObject({ newUsers: 1 }));
    await analytics.untilDrained();
    expect(await analytics.readOne('2025-11-22')).toMatchObject({ newUsers: 1 });
  });

  it('count every one of many that come at the same moment', async () => {
    await Promise.all(Array.from({ length: 100 }, () => registered('2025-11-22T12:00:00Z')));
    await eventuallyPasses(async () => expect(await analytics.readOne('2025-11-22')).toMatchObject({ newUsers: 100 }));
  });

  it('B21: go on after an event whose payload does not fit', async () => {
    await registered('yesterday');
    await registered('2025-11-22T12:00:00Z');
    await eventuallyPasses(async () => expect(await analytics.readOne('2025-11-22')).toMatchObject({ newUsers: 1 }));
    const letters = () => analytics.database.query('SELECT 1 FROM tasks.dead_letter');
    await eventually(async () => (await letters()).length === 1, { what: 'the dead letter' });
  });

  it('count mails sent and failed by their task, each once although it is told three times, and nothing else', async () => {
    const verification = taskEvent('email.send-verification', 'succeeded', '2025-11-22T23:59:59.999Z');
    const failed = taskEvent('email.send', 'failed', '2025-11-22T12:00:00Z');
    const others = [
      taskEvent('email.send', 'retrying', '2025-11-22T12:00:00Z'),
      taskEvent('email.send', 'revoked', '2025-11-22T12:00:00Z'),
      taskEvent('accounts.cleanup-expired-tokens', 'succeeded', '2025-11-22T12:00:00Z'),
      taskEvent('email.unsubscribe', 'succeeded', '2025-11-22T12:00:00Z'),
      { ...taskEvent('email.send', 'succeeded', '2025-11-22T12:00:00Z'), result: { suppressed: 'hard-bounce' } },
    ];
    await analytics.tellTasks([verification, failed, ...others]);
    await analytics.tellTasks([failed, verification, verification]);
    const next = taskEvent('email.send-verification', 'succeeded', '2025-11-23T00:00:00Z');
    await analytics.tellTasks([next, verification]);
    await eventuallyPasses(async () => expect((await analytics.readOne('2025-11-23')).mails.sent).toBe(1));
    await analytics.untilDrained();

    const none = { sent: 0, failed: 0 };
    expect((await analytics.readOne('2025-11-22')).mails).toEqual({
      sent: 1,
      failed: 1,
      byKind: {
        'email.send': { sent: 0, failed: 1 },
        'email.send-admin-notification': none,
        'email.send-password-reset': none,
        'email.send-session-reminder': none,
        'email.send-verification': { sent: 1, failed: 0 },
      },
    });
  });

  it('count a mail of a name that nobody knows as one of an unknown kind', async () => {
    await analytics.tellTasks([taskEvent('email.send\n', 'failed', '2025-11-21T12:00:00Z')]);
    await eventuallyPasses(async () => expect((await analytics.readOne('2025-11-21')).mails.failed).toBe(1));
    expect((await analytics.readOne('2025-11-21')).mails.byKind).toMatchObject({ unknown: { sent: 0, failed: 1 } });
  });

  it('are answered for at most 366 days', async () => {
    expect(await analytics.read('2024-01-01', '2024-12-31')).toHaveLength(366);
    await expect(analytics.read('2024-01-01', '2025-01-01')).rejects.toMatchObject({ code: 'invalid' });
    await expect(analytics.read('2024-01-02', '2024-01-01')).rejects.toMatchObject({ code: 'invalid' });
  });
});
