/**
 * What this library logs through; a pino logger fits as it is. Fields never hold a password or a message's body. A line that
 * is repeated until something is there again names that in the field `away`, and the line that it is there in `back`: a
 * logger may fold what lies between.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
