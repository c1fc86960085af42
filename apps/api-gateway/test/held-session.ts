import { eventually } from '@mentorhub/testing';
import { Client } from 'pg';

/** A session's row, held by a transaction of the test: whoever wants to lock it waits, in the order in which they come. */
export class HeldSession {
  private released = false;

  private constructor(private readonly client: Client) {}

  static async lock(databaseUrl: string, id: string): Promise<HeldSession> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM gateway.session WHERE id = $1 FOR UPDATE', [id]);
    return new HeldSession(client);
  }

  /** Waits until so many transactions wait for the row, one behind the other. */
  async untilWaiting(count: number): Promise<void> {
    const sql = `SELECT count(*)::integer AS count FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"gateway"."session"%'`;
    const waiting = async () => {
      // Within a transaction PostgreSQL goes on showing what was looked at first.
      await this.client.query('SELECT pg_stat_clear_snapshot()');
      return (await this.client.query(sql)).rows[0].count === count;
    };
    await eventually(waiting, { what: `${count} to wait for the session` });
  }

  async letGo(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.client.query('ROLLBACK');
    await this.client.end();
  }
}
