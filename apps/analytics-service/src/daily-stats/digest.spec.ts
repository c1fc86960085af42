import { SendAdminNotification, type DailyStats } from '@mentorhub/contracts';
import { digestOf } from './digest.js';

const statsOf = (date: string, more: Partial<DailyStats> = {}): DailyStats => ({
  date,
  final: true,
  correctedAt: null,
  newUsers: 0,
  sessions: { booked: 0, cancelled: 0, held: 0 },
  coursesPublished: 0,
  mails: { sent: 0, failed: 0, byKind: {} },
  ...more,
});

describe('the digest', () => {
  const history = [
    statsOf('2025-11-21', { newUsers: 7 }),
    statsOf('2025-11-22', {
      newUsers: 3,
      sessions: { booked: 5, cancelled: 1, held: 4 },
      mails: {
        sent: 20,
        failed: 2,
        byKind: { 'email.send': { sent: 20, failed: 0 }, 'email.send-verification': { sent: 0, failed: 2 } },
      },
    }),
  ];

  it('tells the last day in figures, with the mails that failed by their task', () => {
    const { subject, facts } = digestOf(history);
    expect(subject).toBe('MentorHub on 2025-11-22: 3 new users, 5 sessions booked, 2 mails failed');
    expect(facts).toContainEqual({ label: 'Sessions held', value: '4' });
    expect(facts?.filter(({ label }) => label.startsWith('Failed:'))).toEqual([
      { label: 'Failed: email.send-verification', value: '2' },
    ]);
  });

  it('draws all days', () => {
    expect(digestOf(history).chart).toMatchObject({
      labels: ['2025-11-21', '2025-11-22'],
      series: [
        { name: 'New users', values: [7, 3] },
        { name: 'Sessions booked', values: [0, 5] },
        { name: 'Sessions held', values: [0, 4] },
      ],
    });
  });

  it('fits the contract of the mail', () => {
    expect(
      SendAdminNotification.payload.safeParse({ ...digestOf(history), email: 'ann@example.org' }).error,
    ).toBeUndefined();
  });
});
