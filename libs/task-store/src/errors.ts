/**
 * PostgreSQL is away, shutting down, or has no connection to give: nothing was decided, and trying again later is right.
 * Everything else that a query throws is about the query.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  if (name === 'DatabaseUnreachableError') return true;
  if (typeof code === 'string') return unavailableCodes.has(code) || code.startsWith('08');
  return typeof message === 'string' && unavailableMessages.test(message);
}

/** Socket errors of Node, and PostgreSQL's: admin or crash shutdown, starting up, too many connections. */
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/**
 * node-postgres and TypeORM raise these without a code. A query runner counts as released as soon as its connection has
 * broken, so within a transaction that is what every later query says.
 */
const unavailableMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|query runner (was )?already released|Driver not connected|database is not established|connection is not yet established|Cannot use a pool after calling end/i;
