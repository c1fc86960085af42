import type { DataSource } from 'typeorm';
import type { InsertedTask, NewTask } from '../enqueue/insert-tasks.js';
import type { FailedItem, Outbox, OutboxItem } from './outbox.js';
import { storable } from '../storable-text.js';
import { ago, backoffSql, leaseSeconds, ownFirstLeaseSql, withinBytes } from './outbox.js';
import { taskMessage } from './task-message.js';

interface TaskOutboxRow {
  id: string;
  run: number;
  attempt: number;
  deferrals: number;
  name: string;
  version: number;
  queue: string;
  payload: Buffer;
  headers: Readonly<Record<string, string>>;
  due_at: Date;
  expires_at: Date | null;
  publish_attempts: number;
}

const columns =
  't.id, t.run, t.attempt, t.deferrals, t.name, t.version, t.queue, t.payload, t.headers, t.due_at, t.expires_at, t.publish_attempts';
/** What the partial index `task_outbox_next` holds, in the order of `nextAt`. */
const unpublished = `t.published_at IS NULL AND t.state IN ('scheduled', 'queued', 'retrying')`;
const nextAt = 'greatest(t.due_at, t.retry_at)';
const unleased = `(t.claimed_until IS NULL OR t.claimed_until <= clock_timestamp())`;

/** The rows of `tasks.task` that are due and unpublished. */
export class TaskOutbox implements Outbox {
  constructor(
    private readonly dataSource: DataSource,
    private readonly exchange: string,
    private readonly producer: string,
  ) {}

  async claim(limit: number, overdueSeconds: number): Promise<OutboxItem[]> {
    const [rows]: [TaskOutboxRow[]] = await this.dataSource.query(claimSql, [limit, leaseSeconds, overdueSeconds]);
    return rows.map((row) => this.toItem(row));
  }

  async committed(ids: readonly string[]): Promise<OutboxItem[]> {
    const rows: TaskOutboxRow[] = await this.dataSource.query(committedSql, [ids]);
    return rows.map((row) => this.toItem(row));
  }

  /** Of these tasks, which the caller inserted, those that are due, as {@link committed} would answer them. */
  inserted(tasks: readonly NewTask[], rows: readonly InsertedTask[]): OutboxItem[] {
    const due = new Map(rows.filter(({ state }) => state === 'queued').map((row) => [row.id, row.dueAt]));
    const items: OutboxItem[] = [];
    for (const { id, name, version, queue, payload, headers, expiresAt } of tasks) {
      const dueAt = due.get(id);
      if (!dueAt) continue;
      due.delete(id); // of an id that is there twice, the first was taken
      const row = { id, run: 1, attempt: 1, deferrals: 0, name, version, queue, payload, headers };
      items.push(this.toItem({ ...row, due_at: dueAt, expires_at: expiresAt ?? null, publish_attempts: 1 }));
    }
    return items;
  }

  async confirm(items: readonly OutboxItem[]): Promise<string[]> {
    const parameters = [ids(items), items.map(({ run }) => run), items.map(({ attempt }) => attempt)];
    const [, marked]: [unknown, number] = await this.dataSource.query(confirmSql, parameters);
    if (marked === items.length) return [];
    const left: { id: string }[] = await this.dataSource.query(unmarkedSql, parameters);
    return left.map(({ id }) => id);
  }

  async release(failed: readonly FailedItem[]): Promise<void> {
    await this.dataSource.query(releaseSql, [
      ids(failed.map(({ item }) => item)),
      failed.map(({ item }) => item.run),
      failed.map(({ item }) => item.attempt),
      failed.map(({ reason }) => storable(reason)),
      failed.map(({ brokerAway }) => brokerAway),
      failed.map(({ item }) => item.publishAttempts),
    ]);
  }

  async secondsToNext(): Promise<number | undefined> {
    const [row]: { seconds: number | null }[] = await this.dataSource.query(nextSql);
    return row?.seconds ?? undefined;
  }

  private toItem(row: TaskOutboxRow): OutboxItem {
    return {
      id: row.id,
      run: row.run,
      attempt: row.attempt,
      dueAt: row.due_at,
      publishAttempts: row.publish_attempts,
      message: taskMessage({
        exchange: this.exchange,
        producer: this.producer,
        id: row.id,
        run: row.run,
        attempt: row.attempt,
        deferrals: row.deferrals,
        name: row.name,
        version: row.version,
        queue: row.queue,
        payload: row.payload,
        headers: row.headers,
        dueAt: row.due_at,
        expiresAt: row.expires_at ?? undefined,
      }),
    };
  }
}

const ids = (items: readonly OutboxItem[]): string[] => items.map(({ id }) => id);

// As an array: before there is much in the table, the planner would rather read all of it for a join.
const claimSql = `
  UPDATE tasks.task t SET claimed_until = clock_timestamp() + make_interval(secs => $2), publish_attempts = t.publish_attempts + 1
  WHERE t.id = ANY (ARRAY(SELECT id FROM ${withinBytes(
    `SELECT t.id, ${nextAt} AS place, octet_length(t.payload) AS bytes FROM tasks.task t
    WHERE ${unpublished} AND ${nextAt} <= ${ago('$3')} AND ${unleased}
    ORDER BY ${nextAt} LIMIT $1 FOR UPDATE SKIP LOCKED`,
  )} picked))
  RETURNING ${columns}`;

// Found by their ids first: before the table was analysed, the planner would rather read the whole index of what is unpublished.
const committedSql = `
  WITH t AS MATERIALIZED (SELECT * FROM tasks.task WHERE id = ANY ($1))
  SELECT ${columns} FROM t WHERE ${unpublished} AND ${ownFirstLeaseSql('t')}`;

const confirmed = `SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS c (id, run, attempt)`;

/*
 * A row that somebody else holds, for as long as their transaction takes, is left for later: waiting for it would hold up
 * the marks of all that is published meanwhile, until other relays take it for unpublished. What the history knows to be published
 * has the state that it has told: a light task may be retrying by then.
 */
const confirmSql = `
  WITH confirmed AS (${confirmed}), locked AS (
    SELECT t.id FROM tasks.task t JOIN confirmed c ON c.id = t.id AND c.run = t.run AND c.attempt = t.attempt
    ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
  )
  UPDATE tasks.task t SET published_at = coalesce(t.published_at, clock_timestamp()), claimed_until = NULL, publish_error = NULL,
    state = CASE WHEN t.published_at IS NULL AND t.state IN ('scheduled', 'retrying') THEN 'queued' ELSE t.state END
  FROM locked WHERE t.id = locked.id`;

const unmarkedSql = `
  WITH confirmed AS (${confirmed})
  SELECT t.id FROM tasks.task t JOIN confirmed c ON c.id = t.id AND c.run = t.run AND c.attempt = t.attempt
  WHERE t.published_at IS NULL`;

/* A row that was leased again since, or that somebody holds, is left alone: its lease runs out. */
const releaseSql = `
  WITH failed AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::boolean[], $6::integer[])
      AS f (id, run, attempt, reason, broker_away, publish_attempts)
  ), locked AS (
    SELECT t.id, f.reason, f.broker_away
    FROM tasks.task t JOIN failed f ON f.id = t.id AND f.run = t.run AND f.attempt = t.attempt
    WHERE t.published_at IS NULL AND t.publish_attempts = f.publish_attempts
    ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
  )
  UPDATE tasks.task t SET publish_error = f.reason,
    publish_attempts = t.publish_attempts - CASE WHEN f.broker_away THEN 1 ELSE 0 END,
    (claimed_until, retry_at) = (SELECT at, at FROM (SELECT ${backoffSql('f.broker_away', 't.publish_attempts')} AS at) backoff)
  FROM locked f WHERE t.id = f.id`;

const nextSql = `
  SELECT extract(epoch FROM min(greatest(t.next_at, t.claimed_until)) - clock_timestamp())::float8 AS seconds
  FROM (SELECT ${nextAt} AS next_at, t.claimed_until FROM tasks.task t WHERE ${unpublished} ORDER BY ${nextAt} LIMIT 100) t`;
