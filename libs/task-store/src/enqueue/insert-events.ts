import type { EntityManager } from 'typeorm';

/** A message that waits in the database until it is confirmed by the broker. */
export interface NewEvent {
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly name: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Inserts events, leased for `leaseSeconds` to this process, which publishes them after its commit; 0 leaves them to a relay. */
export async function insertEvents(
  manager: EntityManager,
  events: readonly NewEvent[],
  leaseSeconds: number,
): Promise<void> {
  await manager.query(insertSql, [
    events.map((event) => event.id),
    events.map((event) => event.exchange),
    events.map((event) => event.routingKey),
    events.map((event) => event.name),
    events.map((event) => JSON.stringify(event.headers)),
    events.map((event) => event.body),
    leaseSeconds,
  ]);
}

const insertSql = `
  INSERT INTO tasks.event_outbox (id, exchange, routing_key, name, headers, body, claimed_until, publish_attempts)
  SELECT id, exchange, routing_key, name, headers::json, body, clock_timestamp() + make_interval(secs => $7::float8), 1
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    AS n (id, exchange, routing_key, name, headers, body)
  ON CONFLICT (id) DO NOTHING`;
