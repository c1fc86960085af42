import { PermanentError } from '@mentorhub/task-contracts';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** The first key of the advisory locks on days, of which the second one is the day's number. */
export const dayLock = 0x64617973;

/** After a longer time nobody waits for the statistics of the days that were missed. */
const mostMissedDays = 31;

/** The table `analytics.final_day`: which days are over and finalised. */
@Injectable()
export class FinalDays {
  /** @throws {PermanentError} the day is not over yet by PostgreSQL's clock. */
  async assertOver(tx: EntityManager, day: string): Promise<void> {
    const [row]: { over: boolean }[] = await tx.query(`SELECT $1::date < ${todaySql} AS over`, [day]);
    if (!row?.over)
      throw new PermanentError(`${day} is not over in UTC, so it cannot be finalised. Run the task again once it is.`);
  }

  /** The day before today in UTC, by PostgreSQL's clock. */
  async yesterday(tx: EntityManager): Promise<string> {
    const [row]: { day: string }[] = await tx.query(`SELECT (${todaySql} - 1)::text AS day`);
    if (!row) throw new Error('PostgreSQL did not tell the time.');
    return row.day;
  }

  /**
   * Marks a day as final. It waits for events of that day that are being counted; one that is counted after `tx` has
   * committed marks the day as corrected. A second time changes nothing.
   */
  async finalise(tx: EntityManager, day: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock($1, $2::date - date '1970-01-01')`, [dayLock, day]);
    await tx.query('INSERT INTO analytics.final_day (day) VALUES ($1) ON CONFLICT (day) DO NOTHING', [day]);
  }

  /** Days between the last final one and `day` that nobody has finalised, because nothing ran when they ended. */
  async missedBefore(tx: EntityManager, day: string): Promise<string[]> {
    const rows: { day: string }[] = await tx.query(missedSql, [day, mostMissedDays]);
    return rows.map((row) => row.day);
  }

  /** True the first time, if and only if `tx` commits. */
  async claimDigest(tx: EntityManager, day: string): Promise<boolean> {
    const sql = `UPDATE analytics.final_day SET digest_at = clock_timestamp() WHERE day = $1 AND digest_at IS NULL RETURNING 1`;
    const [claimed]: [unknown[]] = await tx.query(sql, [day]);
    return claimed.length > 0;
  }
}

const todaySql = `(clock_timestamp() AT TIME ZONE 'UTC')::date`;

const missedSql = `
  SELECT day::date::text AS day FROM generate_series(
    greatest((SELECT max(day) + 1 FROM analytics.final_day WHERE day < $1), $1::date - $2::integer)::timestamp,
    $1::date - 1, interval '1 day') AS day
  WHERE EXISTS (SELECT 1 FROM analytics.final_day WHERE day < $1)
  ORDER BY day`;
