import type { TestDatabase } from '@mentorhub/testing';

/**
 * Lets a test set the clock of a database, as every connection sees it that is opened from now on: a `clock_timestamp`
 * that stands before PostgreSQL's own in the search path.
 */
export async function shiftableClock(database: TestDatabase): Promise<(seconds: number) => Promise<void>> {
  await database.query(`
    CREATE SCHEMA test_clock;
    CREATE TABLE test_clock.shift AS SELECT 0::float8 AS seconds;
    CREATE FUNCTION test_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
      SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM test_clock.shift))
    $$;
    ALTER DATABASE "${database.name}" SET search_path = test_clock, pg_catalog, public`);
  return async (seconds) => void (await database.query('UPDATE test_clock.shift SET seconds = $1', [seconds]));
}
