import { catalogue, type DailyStats } from '@mentorhub/contracts';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { CountedKind } from './daily-counts.js';

/** The tasks that are mails; also one that was never run has its zero. */
const mailTasks = [...catalogue.tasks.keys()].filter((name) => name.startsWith('email.send'));

interface DayRow {
  readonly day: string;
  readonly final: boolean;
  readonly corrected_at: Date | null;
  readonly counts: readonly { readonly kind: CountedKind; readonly subject: string; readonly count: number }[];
}

/** Reads what was counted. */
@Injectable()
export class StatsReader {
  /** Every day from `from` to `to`, also those without anything. */
  async read(manager: EntityManager, from: string, to: string): Promise<DailyStats[]> {
    const rows: DayRow[] = await manager.query(daysSql, [from, to]);
    return rows.map(statsOf);
  }

  async readOne(manager: EntityManager, day: string): Promise<DailyStats> {
    const [stats] = await this.read(manager, day, day);
    if (!stats) throw new Error(`PostgreSQL knows no day ${day}.`);
    return stats;
  }
}

function statsOf({ day, final, corrected_at, counts }: DayRow): DailyStats {
  const count = (kind: CountedKind, subject?: string) =>
    counts
      .filter((row) => row.kind === kind && (subject === undefined || row.subject === subject))
      .reduce((sum, row) => sum + row.count, 0);
  const subjects = new Set([...mailTasks, ...counts.map(({ subject }) => subject).filter(Boolean)]);
  const mails = (subject?: string) => ({ sent: count('mails-sent', subject), failed: count('mails-failed', subject) });
  return {
    date: day,
    final,
    correctedAt: corrected_at?.toISOString() ?? null,
    newUsers: count('users-registered'),
    sessions: {
      booked: count('sessions-booked'),
      cancelled: count('sessions-cancelled'),
      held: count('sessions-held'),
    },
    coursesPublished: count('courses-published'),
    mails: { ...mails(), byKind: Object.fromEntries([...subjects].sort().map((name) => [name, mails(name)])) },
  };
}

const daysSql = `
  SELECT d.day::date::text AS day, f.day IS NOT NULL AS final, f.corrected_at, coalesce(c.counts, '[]') AS counts
  FROM generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') AS d (day)
  LEFT JOIN analytics.final_day f ON f.day = d.day::date
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('kind', kind, 'subject', subject, 'count', count)) AS counts
    FROM analytics.daily_count WHERE daily_count.day = d.day::date
  ) c ON true
  ORDER BY d.day`;
