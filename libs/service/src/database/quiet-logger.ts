import type { Logger } from 'typeorm';

const ignore = () => undefined;

/**
 * TypeORM prints migrations and warnings to the console even with `logging: false`, between our JSON lines. Whatever
 * matters in them also arrives as an error, or through `poolErrorHandler`.
 */
export const quietLogger: Logger = {
  logQuery: ignore,
  logQueryError: ignore,
  logQuerySlow: ignore,
  logSchemaBuild: ignore,
  logMigration: ignore,
  log: ignore,
};
