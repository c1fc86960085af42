import { catalogue } from '@mentorhub/contracts';
import { taskEventId, type TaskEvent } from '@mentorhub/task-store';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DailyCounts, type CountedKind } from './daily-counts.js';

/** What of a task event tells how a mail ended. */
export type MailEvent = Pick<TaskEvent, 'taskId' | 'run' | 'attempt' | 'kind' | 'at' | 'name' | 'result'>;

const kinds: Partial<Record<TaskEvent['kind'], CountedKind>> = { succeeded: 'mails-sent', failed: 'mails-failed' };

/** Counts mails that were sent, or given up, by the day on which their task ended. */
@Injectable()
export class MailCounter {
  constructor(private readonly counts: DailyCounts) {}

  /** The same events may come again: each is counted once, if and only if a `tx` with it commits. */
  async count(tx: EntityManager, events: readonly MailEvent[]): Promise<void> {
    const ends = new Map(events.filter(isEndOfMail).map((event) => [taskEventId(event), event]));
    if (ends.size === 0) return;
    const rows: { event_id: string }[] = await tx.query(claimSql, [[...ends.keys()].sort()]);
    const unseen = rows.flatMap(({ event_id: id }) => ends.get(id) ?? []);
    await this.counts.add(tx, unseen.map(happeningOf));
  }

  /** Forgets at most so many that were counted 30 days ago: far longer than an event can wait for its last redelivery. */
  async forget(manager: EntityManager, limit: number): Promise<number> {
    const [, deleted]: [unknown, number] = await manager.query(forgetSql, [limit]);
    return deleted;
  }
}

/** A mail to a suppressed address was neither sent nor failed; other tasks of email-service send none. */
const isEndOfMail = ({ name, kind, result }: MailEvent) =>
  name.startsWith('email.send') && kind in kinds && !isSuppressed(result);

const isSuppressed = (result: unknown) => typeof result === 'object' && result !== null && 'suppressed' in result;

/** Anybody who can publish may have written the name. */
const happeningOf = ({ kind, at, name }: MailEvent) => ({
  kind: kinds[kind]!,
  at,
  subject: catalogue.tasks.has(name) ? name : 'unknown',
});

/* Ids are met in one order, so that two replicas that were told the same cannot dead-lock. */
const claimSql = `
  INSERT INTO analytics.counted_mail (event_id) SELECT unnest($1::uuid[])
  ON CONFLICT (event_id) DO NOTHING RETURNING event_id::text`;

const forgetSql = `
  DELETE FROM analytics.counted_mail WHERE event_id IN (
    SELECT event_id FROM analytics.counted_mail WHERE counted_at < (SELECT clock_timestamp() - interval '30 days')
    ORDER BY counted_at LIMIT $1 FOR UPDATE SKIP LOCKED)`;
