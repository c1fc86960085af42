import fc, { type Arbitrary } from 'fast-check';
import type { Json } from './json-schema.js';

/** Of what is known to break things there is more than of the rest. */
const oddTexts = fc.oneof(
  fc.constantFrom('\0', 'a\0b', '\ud800'),
  fc.constantFrom(
    '',
    ' ',
    '0',
    'NaN',
    '\u202e',
    '\r\nBcc: all@example.com',
    "'; SELECT 1 --",
    '%s%n$1',
    '../../etc/passwd',
    '__proto__',
    'a'.repeat(10_000),
    '😀'.repeat(300),
  ),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

const oddInstants = fc.constantFrom(
  '0000-01-01T00:00:00Z',
  '0000-12-31T23:59:59Z',
  '0001-01-01T00:00:00+23:59',
  '9999-12-31T23:59:59Z',
  '9999-12-31T23:59:59-23:59',
  '+275760-09-13T00:00:00Z',
  '2030-02-30T00:00:00Z',
  '2030-01-01',
  '99999999-12-31',
  `2030-01-01T00:00:00.${'1'.repeat(200)}Z`,
  'infinity',
);

const oddNumbers = fc.constantFrom(0, -1, 0.5, 1e308, 5e-324, 2 ** 31, 2 ** 53 + 2, -(2 ** 63));

/** Values that somebody forgot to think of. Now and then fast-check 4.11 makes undefined too, which is no JSON. */
export const oddValues: Arbitrary<Json> = fc
  .oneof(
    oddTexts,
    oddInstants,
    oddNumbers,
    fc.constantFrom<Json>(null, true, [], {}, [[[]]], { length: 1e9 }, { toString: 1, toJSON: 1, valueOf: null }),
    fc.jsonValue({ maxDepth: 3 }) as Arbitrary<Json>,
  )
  .map((value: Json | undefined) => value ?? null);

/** What takes the place of a value: anything at all, or what is like it. */
interface Odds {
  readonly any: Json;
  readonly text: string;
  readonly instant: string;
  readonly number: number;
}

const odds: Arbitrary<Odds> = fc.record({ any: oddValues, text: oddTexts, instant: oddInstants, number: oddNumbers });

/** A value with something in it replaced, left out, or added. */
export function bentValues(values: Arbitrary<Json>): Arbitrary<Json> {
  return fc
    .tuple(values, fc.array(fc.nat(1_000), { minLength: 20, maxLength: 20 }), odds, fc.string())
    .map(([value, choices, odd, key]) => bend(value, choices, odd, key));
}

/** Goes down by one choice a level. */
function bend(value: Json, [choice = 0, ...choices]: readonly number[], odd: Odds, key: string): Json {
  if (typeof value !== 'object' || value === null) return choice % 3 === 0 ? odd.any : oddLike(value, odd);
  const way = choice % 8;
  const keys = Object.keys(value);
  const chosen = keys[Math.floor(choice / 8) % Math.max(1, keys.length)];
  if (way === 0 || chosen === undefined)
    return Array.isArray(value) ? [...value, odd.any] : { ...value, [key]: odd.any };
  const entries = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    if (name !== chosen) return [[name, inner]];
    return way === 1 ? [] : [[name, bend(inner, choices, odd, key)]];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

function oddLike(value: Json, { any, text, instant, number }: Odds): Json {
  if (typeof value === 'number') return number;
  if (typeof value !== 'string') return any;
  return /^\d{4}-\d\d-\d\d/.test(value) ? instant : text;
}
