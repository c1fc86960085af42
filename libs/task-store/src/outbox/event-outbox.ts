import type { DataSource } from 'typeorm';
import type { InsertedEvent, NewEvent } from '../enqueue/insert-events.js';
import type { FailedItem, Outbox, OutboxItem } from './outbox.js';
import { storable } from '../storable-text.js';
import { ago, backoffSql, leaseSeconds, ownFirstLeaseSql, withinBytes } from './outbox.js';

interface EventOutboxRow {
  id: string;
  exchange: string;
  routing_key: string;
  name: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  mandatory: boolean;
  created_at: Date;
  publish_attempts: number;
}

/** Domain events, and outcome batches that the broker did not take; deleted once confirmed. */
export class EventOutbox implements Outbox {
  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: string,
  ) {}

  async claim(limit: number, overdueSeconds: number): Promise<OutboxItem[]> {
    const [rows]: [EventOutboxRow[]] = await this.dataSource.query(claimSql, [limit, leaseSeconds, overdueSeconds]);
    return rows.map((row) => this.toItem(row));
  }

  async committed(ids: readonly string[]): Promise<OutboxItem[]> {
    const rows: EventOutboxRow[] = await this.dataSource.query(committedSql, [ids]);
    return rows.map((row) => this.toItem(row));
  }

  /** Of these events, which the caller inserted, those that were not there before, as {@link committed} would answer them. */
  inserted(events: readonly NewEvent[], rows: readonly InsertedEvent[]): OutboxItem[] {
    const created = new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
    const items: OutboxItem[] = [];
    for (const { id, exchange, routingKey, name, headers, body, mandatory = false } of events) {
      const createdAt = created.get(id);
      if (!createdAt) continue;
      created.delete(id);
      const row = { id, exchange, routing_key: routingKey, name, headers, body, mandatory };
      items.push(this.toItem({ ...row, created_at: createdAt, publish_attempts: 1 }));
    }
    return items;
  }

  async confirm(items: readonly OutboxItem[]): Promise<string[]> {
    await this.dataSource.query(confirmSql, [items.map(({ id }) => id)]);
    return []; // only relays lock events, each for a moment
  }

  async release(failed: readonly FailedItem[]): Promise<void> {
    await this.dataSource.query(releaseSql, [
      failed.map(({ item }) => item.id),
      failed.map(({ reason }) => storable(reason)),
      failed.map(({ brokerAway }) => brokerAway),
      failed.map(({ item }) => item.publishAttempts),
    ]);
  }

  async secondsToNext(): Promise<number | undefined> {
    const rows: { seconds: number | null }[] = await this.dataSource.query(nextSql);
    return rows[0]?.seconds ?? undefined;
  }

  private toItem(row: EventOutboxRow): OutboxItem {
    return {
      id: row.id,
      run: 1,
      attempt: 1,
      dueAt: row.created_at,
      publishAttempts: row.publish_attempts,
      message: {
        exchange: row.exchange,
        routingKey: row.routing_key,
        body: row.body,
        messageId: row.id,
        type: row.name,
        appId: this.producer,
        timestamp: row.created_at,
        headers: row.headers,
        mandatory: row.mandatory,
      },
    };
  }
}

/** What the index `event_outbox_next` is of. */
const nextAt = 'greatest(created_at, retry_at)';

const claimSql = `
  UPDATE tasks.event_outbox e SET claimed_until = clock_timestamp() + make_interval(secs => $2), publish_attempts = e.publish_attempts + 1
  WHERE e.id = ANY (ARRAY(SELECT id FROM ${withinBytes(
    `SELECT id, ${nextAt} AS place, octet_length(body) AS bytes FROM tasks.event_outbox
    WHERE ${nextAt} <= ${ago('$3')}
      AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
    ORDER BY ${nextAt} LIMIT $1 FOR UPDATE SKIP LOCKED`,
  )} picked))
  RETURNING e.*`;

const committedSql = `SELECT * FROM tasks.event_outbox e WHERE e.id = ANY ($1) AND ${ownFirstLeaseSql('e')}`;

/* Rows are locked in the order of their ids, as those of tasks are: a lease that ran out has two relays meet on them. */
const confirmSql = `
  DELETE FROM tasks.event_outbox WHERE id IN (SELECT id FROM tasks.event_outbox WHERE id = ANY ($1) ORDER BY id FOR UPDATE)`;

const releaseSql = `
  WITH locked AS (
    SELECT e.id, f.reason, f.broker_away
    FROM tasks.event_outbox e JOIN unnest($1::uuid[], $2::text[], $3::boolean[], $4::integer[]) AS f (id, reason, broker_away, publish_attempts)
      ON f.id = e.id AND f.publish_attempts = e.publish_attempts
    ORDER BY e.id FOR UPDATE OF e
  )
  UPDATE tasks.event_outbox e SET publish_error = f.reason,
    publish_attempts = e.publish_attempts - CASE WHEN f.broker_away THEN 1 ELSE 0 END,
    (claimed_until, retry_at) = (SELECT at, at FROM (SELECT ${backoffSql('f.broker_away', 'e.publish_attempts')} AS at) backoff)
  FROM locked f WHERE e.id = f.id`;

const nextSql = `
  SELECT extract(epoch FROM min(greatest(next_at, claimed_until)) - clock_timestamp())::float8 AS seconds
  FROM (SELECT ${nextAt} AS next_at, claimed_until FROM tasks.event_outbox ORDER BY ${nextAt} LIMIT 100) e`;
