import type { DataSource, EntityManager } from 'typeorm';

interface Day {
  readonly name: string;
  readonly first: string;
  readonly last: string;
}

/**
 * Makes the timeline's partitions of today and the `days` after it, and moves into them what came before they were there.
 *
 * @throws lock_not_available (55P03) when somebody reads the timeline for more than a second, such as a backup: try again later.
 */
export async function ensurePartitions(dataSource: DataSource, days: number): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('tasks.task_event partitions', 0))`);
    const missing: Day[] = await tx.query(missingDaysSql, [days]);
    if (missing.length === 0) return;
    // Whoever waits for the whole table has all others wait behind it, so it waits for no long reader.
    await tx.query(`SET LOCAL lock_timeout = '1s'`);
    // Writers wait here, at the parent: one that had already chosen the default partition would be refused by it.
    await tx.query(`LOCK TABLE tasks.task_event IN ACCESS EXCLUSIVE MODE`);
    for (const day of missing) await addPartition(tx, day);
  });
}

/** A partition cannot be added while the default one holds rows of its day. */
async function addPartition(tx: EntityManager, { name, first, last }: Day): Promise<void> {
  const partition = `tasks.task_event_${name}`;
  await tx.query(`CREATE TABLE ${partition} (LIKE tasks.task_event)`);
  await tx.query(
    `WITH moved AS (DELETE FROM tasks.task_event_default WHERE at >= $1 AND at < $2 RETURNING *)
     INSERT INTO ${partition} SELECT * FROM moved`,
    [first, last],
  );
  await tx.query(
    `ALTER TABLE tasks.task_event ATTACH PARTITION ${partition} FOR VALUES FROM ('${first}') TO ('${last}')`,
  );
}

const missingDaysSql = `
  SELECT to_char(day, 'YYYYMMDD') AS name, to_char(day, 'YYYY-MM-DD"T"00:00:00"Z"') AS first,
    to_char(day + interval '1 day', 'YYYY-MM-DD"T"00:00:00"Z"') AS last
  FROM generate_series(0, $1::integer) AS n,
    LATERAL (SELECT date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + n * interval '1 day' AS day) d
  WHERE to_regclass('tasks.task_event_' || to_char(day, 'YYYYMMDD')) IS NULL`;
