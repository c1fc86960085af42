import type { EntityManager } from 'typeorm';
import type { SessionPlace } from './session-cursor.js';
import { reminderLeadSeconds } from './session-reminder.js';
import { Session } from './session.entity.js';

/** What decides whether an instant has come, in every process alike. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row]: { now: Date }[] = await manager.query('SELECT clock_timestamp() AS now');
  if (!row) throw new Error('PostgreSQL did not tell the time.');
  return row.now;
}

/**
 * A session, locked until the transaction ends. Whoever changes it, or reminds of it, locks it first, and sees what the one
 * before has made of it.
 */
export function lockSession(tx: EntityManager, id: string): Promise<Session | null> {
  return tx.findOne(Session, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

/** Sessions from the latest start to the earliest, after a place in that order. */
export function sessionsAfter(
  manager: EntityManager,
  place: SessionPlace | undefined,
  limit: number,
): Promise<Session[]> {
  const query = manager
    .createQueryBuilder(Session, 'session')
    .orderBy('session.startsAt', 'DESC')
    .addOrderBy('session.id', 'DESC')
    .take(limit);
  if (place) query.where('(session.startsAt, session.id) < (:startsAt, :id)', place);
  return query.getMany();
}

export type Unreminded = Pick<Session, 'id' | 'version' | 'startsAt'>;

/** Sessions that start within the time of a reminder and have had none, in the order of their starts. */
export function unreminded(
  manager: EntityManager,
  after: SessionPlace | undefined,
  limit: number,
): Promise<Unreminded[]> {
  return manager.query(unremindedSql, [reminderLeadSeconds, after?.startsAt ?? null, after?.id ?? null, limit]);
}

export type Held = Pick<Session, 'id' | 'startsAt'> & { readonly heldAt: Date };

/** Marks sessions that have ended, at most so many; nobody else gets them. */
export async function markHeld(tx: EntityManager, limit: number): Promise<Held[]> {
  const [held]: [Held[]] = await tx.query(markHeldSql, [limit]);
  return held;
}

/* now(), which unlike clock_timestamp() can bound an index scan, is when this transaction began. */
const unremindedSql = `
  SELECT id, version, starts_at AS "startsAt" FROM gateway.session
  WHERE cancelled_at IS NULL AND reminded_version IS DISTINCT FROM version
    AND starts_at > now() AND starts_at <= now() + make_interval(secs => $1)
    AND ($2::timestamptz IS NULL OR (starts_at, id) > ($2::timestamptz, $3::uuid))
  ORDER BY starts_at, id LIMIT $4`;

/* One that somebody is changing at this moment is left to the next sweep. */
const markHeldSql = `
  UPDATE gateway.session s SET held_at = ended.at FROM (
    SELECT id, starts_at + make_interval(mins => duration_minutes) AS at FROM gateway.session
    WHERE cancelled_at IS NULL AND held_at IS NULL AND starts_at < now()
      AND starts_at + make_interval(mins => duration_minutes) <= now()
    ORDER BY starts_at LIMIT $1 FOR UPDATE SKIP LOCKED
  ) ended
  WHERE s.id = ended.id
  RETURNING s.id, s.starts_at AS "startsAt", s.held_at AS "heldAt"`;
