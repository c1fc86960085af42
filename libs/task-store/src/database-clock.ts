import type { DataSource } from 'typeorm';

const quickMs = 200;

/**
 * The database's clock as this process knows it, for comparisons that have no statement of their own. The relay asks for it
 * every second, whatever else it has to do; before that, it is this machine's time.
 */
export class DatabaseClock {
  private offsetMs = 0;

  constructor(private readonly dataSource: Pick<DataSource, 'query'>) {}

  /**
   * Asks PostgreSQL, whose time is that of the middle of its answer. One that took long says less: the wait for a connection
   * may be all of it. So what is known already is kept as far as it can be true.
   */
  async learn(): Promise<void> {
    const askedAt = Date.now();
    const [row]: { now: Date }[] = await this.dataSource.query('SELECT clock_timestamp() AS now');
    if (!row) return;
    const answeredAt = Date.now();
    const time = row.now.getTime();
    const [least, most] = [time - answeredAt, time - askedAt];
    if (answeredAt - askedAt <= quickMs) this.offsetMs = (least + most) / 2;
    else this.offsetMs = Math.min(most, Math.max(least, this.offsetMs));
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offsetMs;
  }
}
