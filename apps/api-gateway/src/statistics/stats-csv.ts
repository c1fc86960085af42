import type { DailyStats } from '@mentorhub/contracts';

type Cell = string | number;

/** RFC 4180. The columns of mails are those that any of the days has, so every row has all of them. */
export function statsCsv(days: readonly DailyStats[]): string {
  const kinds = [...new Set(days.flatMap(({ mails }) => Object.keys(mails.byKind)))].sort();
  const names = [...Object.keys(columns), ...kinds.flatMap((kind) => [`${kind} sent`, `${kind} failed`])];
  const rows = days.map((day) => [...Object.values(columns).map((cellOf) => cellOf(day)), ...mailCells(day, kinds)]);
  return [names, ...rows].map((row) => `${row.map(escaped).join(',')}\r\n`).join('');
}

const columns: Record<string, (day: DailyStats) => Cell> = {
  date: ({ date }) => date,
  final: ({ final }) => String(final),
  corrected_at: ({ correctedAt }) => correctedAt ?? '',
  new_users: ({ newUsers }) => newUsers,
  sessions_booked: ({ sessions }) => sessions.booked,
  sessions_cancelled: ({ sessions }) => sessions.cancelled,
  sessions_held: ({ sessions }) => sessions.held,
  courses_published: ({ coursesPublished }) => coursesPublished,
  mails_sent: ({ mails }) => mails.sent,
  mails_failed: ({ mails }) => mails.failed,
};

function mailCells({ mails }: DailyStats, kinds: readonly string[]): Cell[] {
  return kinds.flatMap((kind) => [mails.byKind[kind]?.sent ?? 0, mails.byKind[kind]?.failed ?? 0]);
}

function escaped(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
