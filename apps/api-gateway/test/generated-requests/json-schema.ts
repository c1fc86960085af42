import fc, { type Arbitrary } from 'fast-check';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What the served documents use of JSON Schema. */
export interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly $ref?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** What only a running platform knows. */
export interface Known {
  /** Of users, sessions and tasks that are there. */
  readonly ids: readonly string[];
  readonly tasks: readonly { readonly name: string; readonly payload: JsonSchema }[];
  /** What references lead to, by the last part of their path. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** Values that fit a schema, or nearly: what a schema of JSON cannot say is left to chance. */
export function valuesOf(schema: JsonSchema, known: Known): Arbitrary<Json> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.$ref) return valuesOf(known.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, known);
  const { oneOf, anyOf = oneOf } = schema;
  if (anyOf) return fc.oneof(...anyOf.map((one) => valuesOf(one, known)));
  switch (schema.type) {
    case 'string':
      return texts(schema, known);
    case 'integer':
    case 'number':
      return numbers(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, known), lengthsOf(schema));
    case 'object':
      return objects(schema, known);
    default:
      return fc.jsonValue({ maxDepth: 2 }) as Arbitrary<Json>;
  }
}

/** Long lists cost much and show little. */
const lengthsOf = ({ minItems = 0, maxItems = 5 }: JsonSchema) => ({
  minLength: minItems,
  maxLength: Math.min(maxItems, minItems + 4),
});

function objects(schema: JsonSchema, known: Known): Arbitrary<Json> {
  const { properties, required = [] } = schema;
  if (!properties) return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }) as Arbitrary<Json>, { maxKeys: 3 });
  const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one, known)]));
  const plain = fc.record(fields, { requiredKeys: [...required] }) as Arbitrary<Record<string, Json>>;
  if (!properties['task'] || !properties['payload'] || properties['task'].const !== undefined) return plain;
  // Where the task may be left out, its payload is any object to the document; what fits it is what the task's type says.
  const tasks = known.tasks.map(({ name, payload }) =>
    fc.record({ task: fc.constant(name), payload: valuesOf(payload, known) }),
  );
  return fc.tuple(plain, fc.oneof(...tasks)).map(([other, task]) => ({ ...other, ...task }));
}

function numbers({ type, minimum, maximum, exclusiveMinimum }: JsonSchema): Arbitrary<number> {
  const min = minimum ?? exclusiveMinimum ?? -1e6;
  const max = maximum ?? 1e6;
  const inside = type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
  const edges = [min, max, exclusiveMinimum === undefined ? min : Number.MIN_VALUE].filter(Number.isFinite);
  return fc.oneof({ weight: 5, arbitrary: fc.noBias(inside) }, { weight: 1, arbitrary: fc.constantFrom(...edges) });
}

const patternsOf = ({ pattern, allOf = [] }: JsonSchema): string[] =>
  [pattern, ...allOf.map((one) => one.pattern)].filter((one) => one !== undefined);

function texts(schema: JsonSchema, known: Known): Arbitrary<string> {
  const { format, minLength = 0, maxLength = 100 } = schema;
  const formatted = format ? formats(known)[format] : undefined;
  if (formatted) return formatted;
  const patterns = patternsOf(schema);
  if (patterns.some((pattern) => pattern.includes('0-9a-fA-F'))) return ids(known);
  const plain = fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 30) });
  const [first] = patterns;
  return first === undefined ? fc.oneof(plain, fc.constantFrom(...usual)) : matching(first, plain);
}

/** Texts that mean something somewhere: crons, time zones, queues, versions. */
const usual = [
  '0 3 * * *',
  '* * * * * *',
  '59 23 L 2 1L',
  'Europe/Berlin',
  'UTC',
  'email',
  'default',
  'x',
  '"v.1"',
  '*',
];

/** What the library cannot read of a pattern is left to printable text. */
function matching(pattern: string, otherwise: Arbitrary<string>): Arbitrary<string> {
  try {
    return /\\p\{|\\S/.test(pattern) ? otherwise : fc.stringMatching(new RegExp(pattern));
  } catch {
    return otherwise;
  }
}

const ids = ({ ids }: Known): Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('00000000-0000-0000-0000-000000000000', ...ids) },
    { weight: 1, arbitrary: fc.uuid() },
  );

const edgesOfTime = [
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00Z',
  '2000-02-29T23:59:60Z',
];

const formats = (known: Known): Record<string, Arbitrary<string>> => ({
  uuid: ids(known),
  email: fc.oneof(
    fc.emailAddress(),
    ...['ann@example.com', 'ANN@example.com', 'bob@example.com'].map((one) => fc.constant(one)),
  ),
  date: dates('0001-01-01', '9999-12-31').map((text) => text.slice(0, 10)),
  'date-time': fc.oneof(
    dates('0001-01-01', '9999-12-31'),
    dates('2027-01-01', '2028-01-01'),
    dates('2027-01-01', '2028-01-01').map((text) => text.replace('Z', '+14:00')),
    fc.constantFrom(...edgesOfTime),
  ),
});

const dates = (first: string, last: string): Arbitrary<string> =>
  fc.noBias(fc.integer({ min: Date.parse(first), max: Date.parse(last) })).map((time) => new Date(time).toISOString());
