import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { dayLock } from './final-days.js';

/** What is counted per day. */
export type CountedKind =
  | 'users-registered'
  | 'sessions-booked'
  | 'sessions-cancelled'
  | 'sessions-held'
  | 'courses-published'
  | 'mails-sent'
  | 'mails-failed';

/** Something that happened. */
export interface Happening {
  readonly kind: CountedKind;
  /** RFC 3339. */
  readonly at: string;
  /** Of mails the task's name. */
  readonly subject?: string;
}

/**
 * The table `analytics.daily_count`: how often something happened on a day in UTC. What happened on a day that was finalised
 * already is counted as well, and the day marked as corrected.
 */
@Injectable()
export class DailyCounts {
  /** Adds each to its day; they count if and only if `tx` commits. Everybody locks in one order: nobody dead-locks. */
  async add(tx: EntityManager, happenings: readonly Happening[]): Promise<void> {
    if (happenings.length === 0) return;
    const instants = happenings.map(({ at }) => at);
    // A statement of its own: the next one then sees whether the day has become final while this one waited.
    await tx.query(shareDaysSql, [dayLock, instants]);
    const kinds = happenings.map(({ kind }) => kind);
    await tx.query(addSql, [instants, kinds, happenings.map(({ subject = '' }) => subject)]);
  }
}

const dayOf = (instant: string) => `(${instant} AT TIME ZONE 'UTC')::date`;

const shareDaysSql = `
  SELECT pg_advisory_xact_lock_shared($1, day - date '1970-01-01') FROM (
    SELECT DISTINCT ${dayOf('at')} AS day FROM unnest($2::timestamptz[]) AS at ORDER BY day OFFSET 0
  ) days`;

const addSql = `
  WITH happened AS (
    SELECT ${dayOf('at')} AS day, kind, subject, count(*) AS count
    FROM unnest($1::timestamptz[], $2::text[], $3::text[]) AS n (at, kind, subject) GROUP BY 1, 2, 3
  ), added AS (
    INSERT INTO analytics.daily_count AS c (day, kind, subject, count)
    SELECT day, kind, subject, count FROM happened ORDER BY day, kind, subject
    ON CONFLICT (day, kind, subject) DO UPDATE SET count = c.count + excluded.count
  )
  UPDATE analytics.final_day SET corrected_at = clock_timestamp() WHERE day IN (
    SELECT day FROM analytics.final_day WHERE day IN (SELECT day FROM happened) ORDER BY day FOR UPDATE
  )`;
