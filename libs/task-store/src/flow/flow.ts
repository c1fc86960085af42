import type { DataSource } from 'typeorm';

/** Starts that were leased, or how long it is until there are some to lease. */
export type StartLease =
  /** The first may be used after `firstInSeconds`, each further one an interval later. */
  { readonly starts: number; readonly firstInSeconds: number } | { readonly starts: 0; readonly waitSeconds: number };

/** What replicas agree on through PostgreSQL: rates and keys. Times are by its clock. */
export class Flow {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Leases starts of a task whose rate is limited, evenly spaced.
   *
   * @param intervalSeconds between two starts.
   * @param longestWaitSeconds nothing is leased when the first start is farther away than this.
   */
  async leaseStarts(
    name: string,
    starts: number,
    intervalSeconds: number,
    longestWaitSeconds: number,
  ): Promise<StartLease> {
    const parameters = [name, starts * intervalSeconds, longestWaitSeconds];
    const [leased]: { firstInSeconds: number }[] = await this.dataSource.query(leaseSql, parameters);
    if (leased) return { starts, firstInSeconds: leased.firstInSeconds };
    const [next]: { waitSeconds: number }[] = await this.dataSource.query(nextStartSql, [name]);
    return { starts: 0, waitSeconds: Math.max(0, next?.waitSeconds ?? 0) };
  }

  /** Takes one of `limit` slots of a key, to hold for `seconds` unless renewed. @returns whether there was one. */
  async takeSlot(key: string, limit: number, token: string, seconds: number): Promise<boolean> {
    const parameters = [key, limit, token, seconds];
    const rows: { taken: boolean }[] = await this.dataSource.query(
      `SELECT tasks.take_slot($1, $2, $3, $4) AS taken`,
      parameters,
    );
    return rows[0]?.taken === true;
  }

  /** @returns false when the slot has expired and is somebody else's. */
  async renewSlot(key: string, token: string, seconds: number): Promise<boolean> {
    const [, renewed]: [unknown, number] = await this.dataSource.query(renewSql, [key, token, seconds]);
    return renewed > 0;
  }

  async freeSlot(key: string, token: string): Promise<void> {
    await this.dataSource.query(`DELETE FROM tasks.concurrency_slot WHERE key = $1 AND token = $2`, [key, token]);
  }

  /** Deletes up to `limit` slots whose holders died, of keys that nobody asked for in the day since. @returns how many. */
  async prune(limit: number): Promise<number> {
    const [, deleted]: [unknown, number] = await this.dataSource.query(pruneSql, [limit]);
    return deleted;
  }
}

const leaseSql = `
  INSERT INTO tasks.rate_limit AS r (name, next_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (name) DO UPDATE SET next_at = greatest(r.next_at, clock_timestamp()) + make_interval(secs => $2)
  WHERE r.next_at <= clock_timestamp() + make_interval(secs => $3)
  RETURNING extract(epoch FROM next_at - make_interval(secs => $2) - clock_timestamp())::float8 AS "firstInSeconds"`;

const nextStartSql = `
  SELECT extract(epoch FROM next_at - clock_timestamp())::float8 AS "waitSeconds" FROM tasks.rate_limit WHERE name = $1`;

const renewSql = `
  UPDATE tasks.concurrency_slot SET expires_at = clock_timestamp() + make_interval(secs => $3) WHERE key = $1 AND token = $2`;

const pruneSql = `
  DELETE FROM tasks.concurrency_slot WHERE (key, slot) IN (
    SELECT key, slot FROM tasks.concurrency_slot WHERE expires_at < (SELECT clock_timestamp() - interval '1 day')
    LIMIT $1 FOR UPDATE SKIP LOCKED)`;
