import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What is counted per day. */
export type CountedKind = 'users-registered';

/** The table `analytics.daily_count`: how often something happened on a day in UTC. */
@Injectable()
export class DailyCounts {
  /** Adds one to the day of `instant` (RFC 3339); counts if and only if `tx` commits. */
  async addOne(tx: EntityManager, kind: CountedKind, instant: string): Promise<void> {
    await tx.query(addOneSql, [kind, instant]);
  }
}

const addOneSql = `
  INSERT INTO analytics.daily_count AS c (day, kind, count)
  VALUES (($2::timestamptz AT TIME ZONE 'UTC')::date, $1, 1)
  ON CONFLICT (day, kind) DO UPDATE SET count = c.count + 1`;
