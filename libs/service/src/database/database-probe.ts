import { Pool } from 'pg';

/**
 * Answers whether PostgreSQL answers, on a connection of its own: asked through the service's pool, a pool that is
 * merely busy would look like a database that is down.
 */
export class DatabaseProbe {
  private readonly pool: Pool;

  constructor(url: string, applicationName: string) {
    this.pool = new Pool({
      connectionString: url,
      application_name: `${applicationName} probe`,
      max: 1,
      connectionTimeoutMillis: 1500,
      query_timeout: 1500,
      idleTimeoutMillis: 30_000,
    });
    // The next check opens a new connection.
    this.pool.on('error', () => undefined);
  }

  /** True when PostgreSQL answered; throws why not. */
  async check(): Promise<boolean> {
    await this.pool.query('SELECT 1');
    return true;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
