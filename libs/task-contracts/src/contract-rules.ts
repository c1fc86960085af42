import { z } from 'zod';

/** A contract that cannot work; thrown while the program loads, so that it is never deployed. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

const namePattern = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
/** A routing key holds the queue and the name, and AMQP allows 255 bytes in all. */
const longestName = 120;

export function assertName(name: string, kind: 'task' | 'event' | 'call'): void {
  if (!namePattern.test(name) || name.length > longestName) {
    throw new ContractError(
      `The ${kind} name "${name}" is not of the form <domain>.<verb-object> in lower case, at most ${longestName} characters.`,
    );
  }
}

export function assertVersion(name: string, version: number): void {
  if (!Number.isInteger(version) || version < 1) {
    throw new ContractError(`${name}: the version must be a whole number from 1, not ${version}.`);
  }
}

/**
 * The JSON Schema of a payload or result; a schema that JSON cannot carry (dates, transforms, functions) has none.
 *
 * @param io `input`: as a caller may write it, fields with a default left out; `output`: as a handler gets it.
 */
export function jsonSchemaOf(
  name: string,
  schema: z.ZodType,
  io: 'input' | 'output' = 'output',
): Record<string, unknown> {
  try {
    return z.toJSONSchema(schema, { io });
  } catch (error) {
    throw new ContractError(`${name}: the schema has a part that JSON cannot carry (${(error as Error).message}).`);
  }
}

export function assertSensitiveFields(name: string, payload: z.ZodObject, sensitive: readonly string[]): void {
  const unknown = sensitive.filter((field) => !(field in payload.shape));
  if (unknown.length > 0) {
    throw new ContractError(`${name}: sensitive names fields that the payload does not have: ${unknown.join(', ')}.`);
  }
}

export function assertDurations(
  name: string,
  longestHardSeconds: number,
  limit: { readonly softSeconds?: number; readonly hardSeconds: number },
): void {
  if (!(limit.hardSeconds > 0) || (limit.softSeconds !== undefined && !(limit.softSeconds > 0))) {
    throw new ContractError(`${name}: time limits are positive numbers of seconds.`);
  }
  if (limit.softSeconds !== undefined && limit.softSeconds >= limit.hardSeconds) {
    throw new ContractError(
      `${name}: the soft limit (${limit.softSeconds} s) must be below the hard limit (${limit.hardSeconds} s).`,
    );
  }
  if (limit.hardSeconds > longestHardSeconds) {
    throw new ContractError(
      `${name}: a handler with database effects holds a transaction, so its hard limit is at most ${longestHardSeconds} s.`,
    );
  }
}

export function assertIsolation(name: string, effects: string, isolation: string | undefined): void {
  if (isolation === 'thread' && effects === 'database') {
    throw new ContractError(
      `${name}: a handler with database effects runs in a transaction of the main thread, so it cannot be isolated in a thread.`,
    );
  }
  if (isolation !== undefined && isolation !== 'inline' && isolation !== 'thread') {
    throw new ContractError(`${name}: isolation is 'inline' or 'thread', not "${isolation}".`);
  }
}
