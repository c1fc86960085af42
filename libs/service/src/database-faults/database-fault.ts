import { codesOf, messagesOf, namesOf, type DatabaseFault } from './fault-table.js';

/**
 * What an error that came from PostgreSQL, its driver, or the way to it means; undefined when it is about the statement, and
 * would come again. It is the one place that knows: see the table in `fault-table.ts`.
 *
 * It judges by code and message alone. Whether an error with a network's code came from the database at all, the caller knows.
 */
export function databaseFaultOf(error: unknown): DatabaseFault | undefined {
  const { name, code, message, severity } = (error ?? {}) as Partial<Record<string, unknown>>;
  const text = typeof message === 'string' ? message : '';
  const fault = typeof code === 'string' ? faultOfCode(code, text, severity) : faultOfMessage(text);
  return fault ?? (typeof name === 'string' ? namesOf.get(name) : undefined);
}

/**
 * Nothing was decided, and before anything else is tried the database has to be looked for, on another connection: away,
 * read-only, or a connection that was ended and may be the only one.
 */
export function isDatabaseAway(error: unknown): boolean {
  const fault = databaseFaultOf(error);
  return fault === 'away' || fault === 'read-only' || fault === 'ended';
}

/** Waiting may help: the statement was not refused for what it is. */
export const isPassingFault = (error: unknown): boolean => databaseFaultOf(error) !== undefined;

/** How much of a pool an error discredits: what its server, or its connection, can no longer be asked. */
export function connectionsToClose(error: unknown): 'none' | 'one' | 'all' {
  switch (databaseFaultOf(error)) {
    case 'away':
    case 'ended':
      return 'one';
    case 'read-only':
    case 'stale':
      return 'all';
    default:
      return 'none';
  }
}

function faultOfCode(code: string, text: string, severity: unknown): DatabaseFault | undefined {
  const line = codesOf.get(code) ?? codesOf.get(code.slice(0, 2));
  if (!line) return undefined;
  if (line.only && !line.only.test(text)) return undefined;
  // PostgreSQL has the code for a statement with a wrong number of parameters, PgBouncer for all that ends a connection.
  if (code === '08P01' && severity !== 'FATAL') return undefined;
  return line.fault;
}

const faultOfMessage = (text: string): DatabaseFault | undefined =>
  messagesOf.find(({ pattern }) => pattern.test(text))?.fault;
