import type { DataSource } from 'typeorm';

/**
 * There was no connection to be had: PostgreSQL is away, stopping, full, or refuses. Without a name of its own it would be a
 * network error like any other, and a task whose handler calls other servers could not tell whose fault it was.
 */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError';
  readonly code: unknown;

  constructor(cause: unknown) {
    const { message, code } = (cause ?? {}) as { message?: unknown; code?: unknown };
    super(typeof message === 'string' && message !== '' ? message : String(code ?? cause), { cause });
    this.code = code;
  }
}

interface Driver {
  obtainMasterConnection(): Promise<unknown>;
}

/** From now on, whatever needs a connection of this pool and gets none throws DatabaseUnreachableError. */
export function nameConnectionFaults(dataSource: DataSource): void {
  const driver = dataSource.driver as unknown as Driver;
  const obtain = driver.obtainMasterConnection.bind(driver);
  driver.obtainMasterConnection = () =>
    obtain().catch((error: unknown) => {
      throw new DatabaseUnreachableError(error);
    });
}
