import { inspect, types } from 'node:util';

/*
 * What threads tell each other crosses by structured clone, which makes a plain `Error` of every error of a program's own
 * and drops its fields. Retry rules look at name and fields, so errors are packed by hand. Both sides load this file; it
 * imports nothing of this package, see `thread-entry.ts`.
 */

type Primitive = string | number | boolean | null;

export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own fields that are primitive values, such as `code` and `seconds`. */
  readonly fields: Readonly<Record<string, Primitive>>;
  readonly cause: PackedThrown | undefined;
}

/** Whatever a handler threw: an error, or any other value. */
export type PackedThrown = { readonly error: PackedError } | { readonly value: unknown };

const deepestCause = 5;
const ownParts = new Set(['name', 'message', 'stack', 'cause']);

export function packThrown(thrown: unknown, depth = 0): PackedThrown {
  if (!isError(thrown)) return { value: cloneable(thrown) };
  const { name, message, stack, cause } = thrown;
  const fields = Object.entries(thrown).filter(([key, value]) => !ownParts.has(key) && isPrimitive(value));
  return {
    error: {
      name: String(name),
      message: String(message),
      stack: typeof stack === 'string' ? stack : undefined,
      fields: Object.fromEntries(fields),
      cause: cause === undefined || depth >= deepestCause ? undefined : packThrown(cause, depth + 1),
    },
  };
}

/** Rules about an unpacked error go by its `name`: its class exists in the other thread only. */
export function unpackThrown(packed: PackedThrown): unknown {
  if ('value' in packed) return packed.value;
  const { name, message, stack, fields, cause } = packed.error;
  const error = new Error(message, cause && { cause: unpackThrown(cause) });
  for (const [key, value] of Object.entries({ name, stack }))
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  return Object.assign(error, fields);
}

/** The arguments of a log call: errors packed, everything else as JSON has it, which is how it would be written anyway. */
export const packLog = (args: readonly unknown[]): unknown[] => args.map((arg) => asJson(packErrors(arg)));
export const unpackLog = (args: readonly unknown[]): unknown[] => args.map(unpackErrors);

const packErrors = (arg: unknown): unknown => (isError(arg) ? { err: packed(arg) } : mapFields(arg, packed));
const unpackErrors = (arg: unknown): unknown => mapFields(arg, unpacked);

const mark = 'packed error';
const packed = (value: unknown): unknown => (isError(value) ? { [mark]: packThrown(value) } : value);
const unpacked = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && mark in value ? unpackThrown(value[mark] as PackedThrown) : value;

function mapFields(value: unknown, change: (field: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, change(field)]));
}

function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return isPrimitive(value) ? value : inspect(value);
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return { unloggable: 'The fields of this line are no JSON.' };
  }
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}

// An error of another realm, such as Node's own, is no instance of this realm's Error.
const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);
const isPrimitive = (value: unknown): value is Primitive =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);
