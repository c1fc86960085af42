import fc, { type Arbitrary } from 'fast-check';
import { valuesOf, type Json, type JsonSchema, type Known } from './json-schema.js';
import { bentValues, oddValues } from './odd-values.js';

/** A request as it goes over the wire. */
export interface GeneratedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface Operation {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: JsonSchema } } };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** What besides its document a platform tells: names of schedules, and cursors of each list. */
export interface KnownToRequests extends Omit<Known, 'schemas'> {
  readonly key: string;
  readonly names: readonly string[];
  /** By the path of their list. */
  readonly cursors: Readonly<Record<string, string>>;
}

/** Requests to all operations of a document: some fit it, the others have something in them that does not. */
export function requestsTo({ paths, components }: OpenApi, served: KnownToRequests): Arbitrary<GeneratedRequest> {
  const known = { ...served, schemas: components.schemas };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestsOf(path, method, operation, known)),
  );
  return fc.oneof(...operations);
}

function requestsOf(
  path: string,
  method: string,
  operation: Operation,
  known: KnownToRequests & Known,
): Arbitrary<GeneratedRequest> {
  const place = (kind: Parameter['in']) => operation.parameters.filter((one) => one.in === kind);
  return fc
    .record({
      inPath: textsOf(place('path'), known, path),
      query: textsOf(place('query'), known, path),
      headers: textsOf(place('header'), known, path),
      body: bodiesOf(operation, known),
      more: oddHeaders,
      moreQuery: oddQuery,
      otherMethod: rarely(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD')),
    })
    .map(({ inPath, query, headers, body, more, moreQuery, otherMethod }) => ({
      method: otherMethod ?? method.toUpperCase(),
      path: pathWith(path, inPath) + queryOf([...Object.entries(query), ...(moreQuery ?? [])]),
      headers: {
        authorization: `Bearer ${known.key}`,
        ...(body && { 'content-type': 'application/json' }),
        ...onTheWire({ ...headers, ...more }),
      },
      ...(body && { body }),
    }));
}

const rarely = <T>(values: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.oneof({ weight: 60, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });

function textsOf(
  parameters: readonly Parameter[],
  known: KnownToRequests & Known,
  path: string,
): Arbitrary<Record<string, string>> {
  const texts = Object.fromEntries(parameters.map((one) => [one.name, parameterValues(one, known, path)]));
  const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name);
  return fc.record(texts, { requiredKeys });
}

function parameterValues({ name, schema }: Parameter, known: KnownToRequests & Known, path: string): Arbitrary<string> {
  return fc.oneof(
    { weight: 16, arbitrary: meantFor(name, known, path) ?? valuesOf(schema, known).map(textOf) },
    { weight: 1, arbitrary: oddValues.map(textOf) },
    { weight: 1, arbitrary: bentValues(valuesOf(schema, known)).map(textOf) },
  );
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Parameters whose values follow from what the platform answered, and a wait that the test has the time for. */
function meantFor(name: string, { names, cursors }: KnownToRequests, path: string): Arbitrary<string> | undefined {
  if (name === 'name') return fc.constantFrom(...names);
  if (name === 'wait') return fc.constantFrom('0', '0.01', '0.5', '00.1');
  if (name === 'cursor')
    return fc.oneof(fc.constantFrom(...Object.values(cursors)), ...[cursors[path]].filter(isText).map(bentCursors));
  return undefined;
}

const isText = (text: string | undefined): text is string => text !== undefined;

/** A cursor with something odd inside. */
function bentCursors(cursor: string): Arbitrary<string> {
  const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Json;
  return bentValues(fc.constant(place)).map((bent) => Buffer.from(JSON.stringify(bent)).toString('base64url'));
}

function bodiesOf({ requestBody }: Operation, known: Known): Arbitrary<Buffer | undefined> {
  const bytes = (values: Arbitrary<Json>) => values.map((value) => Buffer.from(JSON.stringify(value)));
  if (!requestBody) return rarely(bytes(oddValues));
  const fitting = valuesOf(requestBody.content['application/json'].schema, known);
  return fc.oneof(
    { weight: 9, arbitrary: bytes(fitting) },
    { weight: 5, arbitrary: bytes(bentValues(fitting)) },
    { weight: 1, arbitrary: bytes(oddValues) },
    { weight: 1, arbitrary: fc.tuple(bytes(fitting), fc.nat(100)).map(([body, end]) => body.subarray(0, end)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((body) => Buffer.from(body)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const oddHeaders: Arbitrary<Record<string, string>> = fc
  .record(
    {
      authorization: rarely(fc.constantFrom('', 'Bearer', 'Bearer nobody', 'Basic YTpi', `Bearer ${'a'.repeat(600)}`)),
      'content-type': rarely(
        fc.constantFrom('', 'text/plain', 'application/json;charset=latin1', 'application/x-www-form-urlencoded', ';;'),
      ),
      'idempotency-key': rarely(fc.oneof(fc.constantFrom('same', '', 'a'.repeat(300)), fc.string())),
      'if-match': rarely(fc.oneof(fc.constantFrom('*', '"a"', 'W/"a"', '"', ','.repeat(200)), fc.string())),
      accept: rarely(fc.constantFrom('text/csv', '*/*', 'text/csv;q=9', ',,;q', 'a'.repeat(2000))),
      'x-request-id': rarely(fc.string()),
      traceparent: rarely(fc.string()),
      'x-forwarded-for': rarely(fc.string()),
    },
    { requiredKeys: [] },
  )
  .map((headers) =>
    Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );

const oddQuery = rarely(
  fc.array(
    fc.tuple(fc.constantFrom('limit', 'cursor', 'from', 'limit[]', '__proto__', 'toString', ''), oddValues.map(textOf)),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
);

/** Node sends no other characters in a header. */
const onTheWire = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [name, text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')]),
  );

const pathWith = (path: string, texts: Record<string, string>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => escaped(texts[name] ?? ''));

const queryOf = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? '' : `?${pairs.map(([name, text]) => `${escaped(name)}=${escaped(text)}`).join('&')}`;

/** A percent sign in front of two digits stays as it is, so that also what no text has comes through. */
const escaped = (text: string): string =>
  encodeURIComponent(text.slice(0, 4_000).toWellFormed()).replaceAll('%25', '%');
