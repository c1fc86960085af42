import { recordColumns, type TaskRecord } from './history.js';

/**
 * The tasks that were accepted last, in the order of their acceptance.
 *
 * @param database a DataSource, an EntityManager, or whatever else runs a statement and gives its rows.
 * @param limit how many at most. Default 1000.
 */
export async function recentTasks(
  database: { query(sql: string, parameters?: unknown[]): Promise<unknown> },
  limit = 1_000,
): Promise<TaskRecord[]> {
  const rows = await database.query(`SELECT ${recordColumns} FROM tasks.task ORDER BY accepted_at DESC LIMIT $1`, [
    limit,
  ]);
  return (rows as TaskRecord[]).toReversed();
}
