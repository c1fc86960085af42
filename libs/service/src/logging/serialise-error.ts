import { types } from 'node:util';
import { withoutPasswords, withoutSecrets } from './secrets.js';

interface SerialisedError {
  /** Its class, or the kind of value that was thrown. */
  type?: string;
  /** Instead of `type` when the error was told by a thread, a message or a row. */
  name?: string;
  message: string;
  code?: string | number;
  stack?: string;
  cause?: SerialisedError;
  errors?: SerialisedError[];
}

const longestDescription = 2_000;

/**
 * What a log says about an error: its type, message, code, stack and causes. Other properties are left out on purpose:
 * database errors carry the query's parameters, HTTP errors the request with its headers. An object that only describes an
 * error keeps its name, message and stack; of anything else that was thrown it is said what it was.
 */
export function serialiseError(error: unknown, depth = 0): SerialisedError {
  if (!isError(error)) return isToldError(error) ? ofToldError(error) : ofAnythingElse(error);
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: withoutPasswords(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: withoutPasswords(error.stack) }),
    ...(cause !== undefined && depth < 5 ? { cause: serialiseError(cause, depth + 1) } : {}),
    ...(error instanceof AggregateError && depth < 5
      ? { errors: error.errors.slice(0, 5).map((one) => serialiseError(one, depth + 1)) }
      : {}),
  };
}

interface ToldError {
  name?: unknown;
  message: string;
  stack?: unknown;
}

const ofToldError = ({ name, message, stack }: ToldError): SerialisedError => ({
  ...(typeof name === 'string' && { name }),
  message: withoutPasswords(message),
  ...(typeof stack === 'string' && { stack: withoutPasswords(stack) }),
});

const ofAnythingElse = (thrown: unknown): SerialisedError => ({
  type: typeof thrown,
  message: withoutPasswords(describe(thrown)).slice(0, longestDescription),
});

function describe(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  try {
    return JSON.stringify(withoutSecrets(thrown));
  } catch {
    return 'Something was thrown that cannot be described.';
  }
}

// An error of another realm, as some of Node's own are in a test, is no instance of this realm's Error.
const isError = (thrown: unknown): thrown is Error => thrown instanceof Error || types.isNativeError(thrown);

const isToldError = (thrown: unknown): thrown is ToldError =>
  typeof thrown === 'object' && thrown !== null && typeof (thrown as Partial<ToldError>).message === 'string';
