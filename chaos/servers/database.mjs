import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const schema = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.batch (id uuid PRIMARY KEY);
  CREATE TABLE chaos.item (batch_id uuid NOT NULL, n integer NOT NULL, task_id uuid NOT NULL);
  CREATE INDEX item_batch ON chaos.item (batch_id);
  -- Without any unique constraint: a second effect has to show.
  CREATE TABLE chaos.effect (
    task_id uuid NOT NULL,
    attempt integer NOT NULL,
    n integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
  );`;

/** The judge's own way to the database; it waits while PostgreSQL is away. */
export class Database {
  constructor(connectionString) {
    this.pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 5_000 });
    // The run ends these connections on purpose; the query that meets it tells.
    this.pool.on('error', () => undefined);
  }

  async createTables() {
    await this.pool.query(schema);
  }

  /** @throws the last error after a minute without an answer */
  async query(sql, parameters) {
    for (const until = Date.now() + 60_000; ;) {
      try {
        return (await this.pool.query(sql, parameters)).rows;
      } catch (error) {
        if (Date.now() > until) throw error;
        await pause(500);
      }
    }
  }

  close() {
    return this.pool.end();
  }
}
