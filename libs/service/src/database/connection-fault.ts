import { ConfigError } from '../config/config-error.js';
import { databaseFaultOf } from '../database-faults/index.js';

const own = new Set([
  'DatabaseUnreachableError',
  'QueryFailedError',
  'QueryRunnerAlreadyReleasedError',
  'SilentConnectionError',
]);

/**
 * What a query lacked that did not reach PostgreSQL. The network faults of other servers have the same codes, so it goes by
 * the name too.
 */
export function missedByQuery(error: unknown): string | undefined {
  const fault = databaseFaultOf(error);
  if (fault === 'pool-busy') return 'a free connection to PostgreSQL';
  if (fault !== 'away' && fault !== 'ended' && fault !== 'read-only') return undefined;
  const { name, message, severity } = (error ?? {}) as { name?: unknown; message?: unknown; severity?: unknown };
  const isQuery =
    severity !== undefined || own.has(String(name)) || String(message).startsWith('Connection terminated');
  return isQuery ? 'PostgreSQL' : undefined;
}

/** The fault as one sentence about the environment variable that holds the URL if that is what is wrong; otherwise the error itself. */
export function explainConnectionFault(error: unknown, url: string, variable: string): unknown {
  const { host, user, database } = describeUrl(url);
  const refusals: Record<string, string> = {
    '28P01': `PostgreSQL at ${host} refused the password of user "${user}". Set ${variable} to the right user and password.`,
    '28000': `PostgreSQL at ${host} does not let user "${user}" in. Set ${variable} to a user that may log in from here.`,
    '3D000': `PostgreSQL at ${host} has no database "${database}". Create it, or set ${variable} to one that exists.`,
  };
  const refusal = refusals[codeOf(error) ?? ''] ?? refusalWithoutCode(error, host, variable);
  return refusal === undefined ? error : new ConfigError([`${variable} is wrong: ${refusal}`]);
}

function refusalWithoutCode(error: unknown, host: string, variable: string): string | undefined {
  const message = error instanceof Error ? error.message : '';
  if (/password must be a (non-empty )?string/.test(message))
    return `PostgreSQL at ${host} asks for a password. Set ${variable} to a URL with one.`;
  if (/does not support SSL/.test(message))
    return `PostgreSQL at ${host} speaks no TLS. Set ${variable} to a URL without sslmode.`;
  return undefined;
}

/** Where a URL points to, without its password. */
export function describeUrl(url: string): { host: string; user: string; database: string } {
  const { host, username, pathname } = new URL(url);
  return { host, user: decodeURIComponent(username), database: decodeURIComponent(pathname.slice(1)) };
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
