import type { EntityManager } from 'typeorm';

/** Deletes at most `limit` keys that are older than the 24 hours they are kept, and returns how many it deleted. */
export async function deleteExpiredKeys(manager: EntityManager, limit: number): Promise<number> {
  const [, deleted]: [unknown, number] = await manager.query(deleteSql, [limit]);
  return deleted;
}

const deleteSql = `
  DELETE FROM gateway.idempotency_key k USING (
    SELECT caller, route, key_hash FROM gateway.idempotency_key
    WHERE created_at <= (SELECT clock_timestamp() - interval '24 hours')
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
  ) old
  WHERE k.caller = old.caller AND k.route = old.route AND k.key_hash = old.key_hash`;
