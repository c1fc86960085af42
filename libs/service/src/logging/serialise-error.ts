import { withoutPasswords } from './secrets.js';

interface SerialisedError {
  type: string;
  message: string;
  code?: string | number;
  stack?: string;
  cause?: SerialisedError;
  errors?: SerialisedError[];
}

/**
 * What a log says about an error: its type, message, code, stack and causes. Other properties are left out on purpose:
 * database errors carry the query's parameters, HTTP errors the request with its headers.
 */
export function serialiseError(error: unknown, depth = 0): SerialisedError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutPasswords(String(error)) };
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
