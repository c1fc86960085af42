import type { DataSource } from 'typeorm';

/**
 * The database's clock as this process knows it, for comparisons that have no statement of their own. The relay asks for it
 * every second, whatever else it has to do; before that, it is this machine's time.
 */
export class DatabaseClock {
  private offsetMs = 0;

  constructor(private readonly dataSource: Pick<DataSource, 'query'>) {}

  /** Asks PostgreSQL, whose time is that of the middle of its answer. */
  async learn(): Promise<void> {
    const askedAt = Date.now();
    const [row]: { now: Date }[] = await this.dataSource.query('SELECT clock_timestamp() AS now');
    if (row) this.offsetMs = row.now.getTime() - (askedAt + Date.now()) / 2;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offsetMs;
  }
}
