import type { EntityManager } from 'typeorm';
import { runPrepared } from '../prepared.js';

/** A message that waits in the database until it is confirmed by the broker. */
export interface NewEvent {
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly name: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** True: it waits until a queue takes it. Default false: a domain event that nobody subscribes to is no fault. */
  readonly mandatory?: boolean | undefined;
}

export interface InsertedEvent {
  readonly id: string;
  readonly createdAt: Date;
}

/**
 * Inserts events, leased for `leaseSeconds` to this process, which publishes them after its commit; 0 leaves them to a relay.
 *
 * @returns those whose id was not there yet; the others are left as they are.
 */
export async function insertEvents(
  manager: EntityManager,
  events: readonly NewEvent[],
  leaseSeconds: number,
): Promise<InsertedEvent[]> {
  return runPrepared<InsertedEvent>(manager, insertStatement, [
    events.map((event) => event.id),
    events.map((event) => event.exchange),
    events.map((event) => event.routingKey),
    events.map((event) => event.name),
    events.map((event) => JSON.stringify(event.headers)),
    events.map((event) => event.body),
    events.map((event) => event.mandatory ?? false),
    leaseSeconds,
  ]);
}

const insertStatement = {
  name: 'tasks.insert_events',
  text: `
  INSERT INTO tasks.event_outbox (id, exchange, routing_key, name, headers, body, mandatory, claimed_until, publish_attempts)
  SELECT id, exchange, routing_key, name, headers::json, body, mandatory,
    CASE WHEN $8::float8 > 0 THEN clock_timestamp() + make_interval(secs => $8::float8) END,
    CASE WHEN $8::float8 > 0 THEN 1 ELSE 0 END
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::boolean[])
    AS n (id, exchange, routing_key, name, headers, body, mandatory)
  ORDER BY id
  ON CONFLICT (id) DO NOTHING
  RETURNING id, created_at AS "createdAt"`,
};
