import type { EntityManager } from 'typeorm';
import type { Fault } from '../problems/problem.js';

const longestAheadDays = 2 * 365;

/** A start has to lie ahead, and not so far that nobody could mean it. */
export function startFaults(startsAt: Date, now: Date): Fault[] {
  const aheadMs = startsAt.getTime() - now.getTime();
  if (aheadMs <= 0) return [{ path: '/startsAt', message: 'must lie ahead; this time is past' }];
  if (aheadMs <= longestAheadDays * 86_400_000) return [];
  return [{ path: '/startsAt', message: 'must be within two years' }];
}

type People = { readonly studentId: string; readonly mentorId: string };

/** Both have to be users. They are kept from being deleted until the transaction ends. */
export async function peopleFaults(tx: EntityManager, people: People): Promise<Fault[]> {
  const sql = 'SELECT id FROM gateway.user_account WHERE id = ANY ($1) FOR KEY SHARE';
  const rows: { id: string }[] = await tx.query(sql, [[people.studentId, people.mentorId]]);
  const known = new Set(rows.map(({ id }) => id));
  return (['studentId', 'mentorId'] as const)
    .filter((field) => !known.has(people[field]))
    .map((field) => ({ path: `/${field}`, message: 'there is no such user' }));
}
