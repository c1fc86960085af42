import type { DailyStats, SendAdminNotification } from '@mentorhub/contracts';
import type { PayloadInput } from '@mentorhub/task-contracts';

export const digestDays = 14;

type Notification = Omit<PayloadInput<typeof SendAdminNotification>, 'email'>;

/** What the admins are told of a day: the last of `history`, which begins some days before. */
export function digestOf(history: readonly DailyStats[]): Notification {
  const stats = history.at(-1);
  if (!stats) throw new RangeError('A digest needs the day that it is about.');
  const { date, newUsers, sessions, mails } = stats;
  return {
    subject: `MentorHub on ${date}: ${newUsers} new users, ${sessions.booked} sessions booked, ${mails.failed} mails failed`,
    content: `What happened on ${date} in UTC.\n\nWhat is heard of later is added to that day: GET /v1/stats/daily shows it.`,
    facts: factsOf(stats).map(({ label, value }) => ({ label, value: String(value) })),
    chart: chartOf(history),
  };
}

function factsOf({ newUsers, sessions, coursesPublished, mails }: DailyStats) {
  const failures = Object.entries(mails.byKind).filter(([, { failed }]) => failed > 0);
  return [
    { label: 'New users', value: newUsers },
    { label: 'Sessions booked', value: sessions.booked },
    { label: 'Sessions cancelled', value: sessions.cancelled },
    { label: 'Sessions held', value: sessions.held },
    { label: 'Courses published', value: coursesPublished },
    { label: 'Mails sent', value: mails.sent },
    { label: 'Mails failed', value: mails.failed },
    ...failures.map(([task, { failed }]) => ({ label: `Failed: ${task}`.slice(0, 100), value: failed })).slice(0, 50),
  ];
}

function chartOf(history: readonly DailyStats[]) {
  return {
    title: `The last ${history.length} days`,
    labels: history.map(({ date }) => date),
    series: [
      { name: 'New users', values: history.map(({ newUsers }) => newUsers) },
      { name: 'Sessions booked', values: history.map(({ sessions }) => sessions.booked) },
      { name: 'Sessions held', values: history.map(({ sessions }) => sessions.held) },
    ],
  };
}
