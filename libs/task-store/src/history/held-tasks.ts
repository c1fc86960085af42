import type { EntityManager } from 'typeorm';

/**
 * Locks the rows of these tasks until `tx` ends, as far as they are there and free. Waits for nobody.
 *
 * @returns the ids of those that somebody else has locked.
 */
export async function tasksHeldElsewhere(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(heldSql, [ids]);
  return rows.map(({ id }) => id);
}

const heldSql = `
  SELECT id FROM tasks.task WHERE id = ANY ($1::uuid[])
  EXCEPT
  SELECT id FROM (SELECT id FROM tasks.task WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED) free`;
