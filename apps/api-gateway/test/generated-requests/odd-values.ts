import fc, { type Arbitrary } from 'fast-check';
import type { Json } from './json-schema.js';

/** Values that somebody forgot to think of. */
export const oddValues: Arbitrary<Json> = fc
  .oneof(
    fc.constantFrom<Json>(
      null,
      true,
      0,
      -1,
      1e308,
      5e-324,
      2 ** 31,
      2 ** 53 + 2,
      -(2 ** 63),
      '',
      ' ',
      '0',
      'NaN',
      'null',
      '\0',
      'a\0b',
      '\ud800',
      '\u202e',
      '\r\nBcc: all@example.com',
      "'; SELECT 1 --",
      '%s%n$1',
      '../../etc/passwd',
      '__proto__',
      'a'.repeat(10_000),
      '😀'.repeat(300),
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-23:59',
      '+275760-09-13T00:00:00Z',
      '2030-02-30T00:00:00Z',
      '99999999-12-31',
      '-infinity',
      [],
      {},
      [[[]]],
      { length: 1e9 },
      { toString: 1, toJSON: 1, valueOf: null },
    ),
    fc.jsonValue({ maxDepth: 3 }) as Arbitrary<Json>,
    fc.string({ unit: 'binary', maxLength: 50 }),
  )
  // Of fast-check 4.11 also undefined comes now and then, which is no JSON.
  .map((value: Json | undefined) => value ?? null);

/** A value with something in it replaced, left out, or added. */
export function bentValues(values: Arbitrary<Json>): Arbitrary<Json> {
  return fc
    .tuple(values, fc.infiniteStream(fc.nat(1000)), oddValues, fc.string())
    .map(([value, choices, odd, key]) => bend(value, () => choices.next().value as number, odd, key));
}

function bend(value: Json, choose: () => number, odd: Json, key: string): Json {
  if (typeof value !== 'object' || value === null) return odd;
  const keys = Object.keys(value);
  const way = choose() % 8;
  const chosen = keys[choose() % Math.max(1, keys.length)];
  if (way === 0 || chosen === undefined) return Array.isArray(value) ? [...value, odd] : { ...value, [key]: odd };
  const entries = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    if (name !== chosen) return [[name, inner]];
    return way === 1 ? [] : [[name, bend(inner, choose, odd, key)]];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
