import { inspect } from 'node:util';

/** A place where a value is not as expected. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Decides by itself what fits, such as Jest's `expect.any(String)`. */
export interface Matcher {
  asymmetricMatch(actual: unknown): boolean;
  /** Says what it matches. */
  toString(): string;
}

/** Of T, any part; a matcher may stand anywhere. Lists are compared whole. */
export type Partially<T> =
  Matcher | (T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Partially<T[K]> } : T);

/**
 * Where `actual` differs from what is expected of it. Of an object only the expected fields are looked at; a list has to be
 * as long as expected.
 */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? [] : [{ path, expected, actual }];
  if (Array.isArray(expected)) return listDifferences(expected, actual, path);
  if (!isObject(expected)) return Object.is(expected, actual) ? [] : [{ path, expected, actual }];
  if (!isObject(actual)) return [{ path, expected, actual }];
  return Object.entries(expected).flatMap(([key, value]) => differences(value, actual[key], inside(path, key)));
}

function listDifferences(expected: readonly unknown[], actual: unknown, path: string): Difference[] {
  if (!Array.isArray(actual) || actual.length !== expected.length) return [{ path, expected, actual }];
  return expected.flatMap((value, index) => differences(value, actual[index], inside(path, String(index))));
}

const inside = (path: string, key: string): string => (path ? `${path}.${key}` : key);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isMatcher = (value: unknown): value is Matcher =>
  isObject(value) && typeof value['asymmetricMatch'] === 'function';

/** A value on one line, as far as it fits. */
export const shown = (value: unknown): string =>
  isMatcher(value) ? value.toString() : inspect(value, { depth: 4, breakLength: 120, maxStringLength: 200 });
