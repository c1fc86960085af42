import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** Waits until the statement finds no row; asked for only when all handlers have returned, a moment before. */
export async function rowsGone(connectionString, sql) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  while ((await client.query(sql)).rowCount > 0) await delay(5);
  await client.end();
}
