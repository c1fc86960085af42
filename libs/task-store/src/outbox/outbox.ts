import type { OutgoingMessage } from '@mentorhub/messaging';

/** One message that a lease was taken for. */
export interface OutboxItem {
  readonly id: string;
  readonly run: number;
  readonly attempt: number;
  /** When it was due; what the lateness of the relay is measured from. */
  readonly dueAt: Date;
  readonly publishAttempts: number;
  readonly message: OutgoingMessage;
}

export interface FailedItem {
  readonly item: OutboxItem;
  readonly reason: string;
  /** True when the broker was not there: the attempt is given back, and the row is tried again as soon as it is. */
  readonly brokerAway: boolean;
}

/** Rows that wait to be published. No method holds a lock after it returns. */
export interface Outbox {
  /** Leases up to `limit` rows to the caller that have been due for this long, in seconds. */
  claim(limit: number, overdueSeconds: number): Promise<OutboxItem[]>;
  /** Of these rows, which the caller inserted, those whose transaction really committed, and in time for their first lease. */
  committed(ids: readonly string[]): Promise<OutboxItem[]>;
  /** @returns the ids of those that somebody else holds locked, so that they could not be marked now. */
  confirm(items: readonly OutboxItem[]): Promise<string[]>;
  /** Gives rows back, to be tried again after a backoff that doubles up to a minute. */
  release(failed: readonly FailedItem[]): Promise<void>;
  /** Seconds until the next row is due, by the database's clock; undefined when none waits. */
  secondsToNext(): Promise<number | undefined>;
}

/** A lease outlives the publisher's confirm time-out, so that a slow confirm is no second publish. */
export const leaseSeconds = 30;

/** One lease holds no more: its rows are all read at once. */
const mostLeasedBytes = 16 * 1024 * 1024;

/** SQL: of rows with an id, a place and their bytes, the first in order of their places that are not too large together, and at least one. */
export const withinBytes = (rows: string): string => `(
    SELECT id FROM (SELECT id, bytes, sum(bytes) OVER (ORDER BY place, id) AS upto FROM (${rows}) r) s
    WHERE upto - bytes < ${mostLeasedBytes})`;

/** What a publish takes at most: 10 s in the publisher's line, and 10 s for its confirm. */
export const mostPublishingSeconds = 20;

/**
 * SQL: the instant so many seconds ago. In a subquery, so that it is one value: what may change from row to row cannot bound
 * the scan of an index, and everything that is due in months would be read in each pass.
 */
export const ago = (seconds: string): string => `(SELECT clock_timestamp() - make_interval(secs => ${seconds}))`;

/** The lease that rows are inserted with, by this process's clock, which starts before the database's does. */
export class FirstLease {
  private readonly since = performance.now();

  constructor(private readonly seconds: number) {}

  /** There is time left to publish them. */
  get holds(): boolean {
    return performance.now() - this.since < (this.seconds - publishingSeconds) * 1000;
  }
}

/** SQL: when a row that could not be published is tried again; a minute later at most. */
export const backoffSql = (brokerAway: string, attempts: string): string =>
  `clock_timestamp() + make_interval(secs => CASE WHEN ${brokerAway} THEN 1 ELSE least(60, 0.5 * 2 ^ least(${attempts}, 10)) END)`;

/** What publishing takes, at most, after a look at the lease. */
const publishingSeconds = 1;

/**
 * SQL: nobody but the inserting process has leased this row, and there is time left to publish it. After a transaction
 * that took longer than the lease, another relay may be publishing the row already.
 */
export const ownFirstLeaseSql = (row: string): string =>
  `${row}.publish_attempts = 1 AND ${row}.claimed_until > clock_timestamp() + interval '${publishingSeconds} s'`;
