/** What this library logs through; a pino logger fits as it is. Fields never hold a password or a message's body. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
