import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { ProblemAnswer } from './answers.js';
import { operations, type Operation } from './operations.js';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, made from the schemas that requests are really checked by. */
export function openApiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'MentorHub Tasks',
      version,
      description:
        'Accounts and background tasks. Errors are RFC 9457 problem documents. Instants are RFC 3339, durations are seconds.',
    },
    paths: pathsOf(operations),
    components: {
      schemas: { Problem: schemaOf(ProblemAnswer, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function pathsOf(all: readonly Operation[]): Json {
  const paths: Record<string, Json> = {};
  for (const operation of all)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  return paths;
}

function describe(operation: Operation): Json {
  const { path, summary, body } = operation;
  return {
    summary,
    tags: [path.split('/')[2]],
    security: operation.public ? [] : [{ key: [] }],
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: { ...answersOf(operation), ...refusalsOf(operation) },
  };
}

function parametersOf({ path, creates, conditional, query }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(name === 'id' && { format: 'uuid' }) },
  }));
  const { properties, required = [] } = (query ? schemaOf(query, 'input') : {}) as QuerySchema;
  const inQuery = Object.entries(properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: schema as Json,
  }));
  return [...inPath, ...inQuery, ...(creates ? [idempotencyKey] : []), ...(conditional ? [ifMatch] : [])];
}

interface QuerySchema {
  readonly properties?: Json;
  readonly required?: readonly string[];
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A repetition with the same key and body gets the same answer; it is kept for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  description:
    'The ETag that was read; 412 when it was changed since. Without it the change is made whatever came between.',
  schema: { type: 'string' },
};

function answersOf({ answers, csv }: Operation): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => [
      status,
      {
        description: STATUS_CODES[status],
        ...(schema && {
          content: {
            'application/json': { schema: schemaOf(schema, 'output') },
            ...(csv && { 'text/csv': { schema: { type: 'string' } } }),
          },
        }),
      },
    ]),
  );
}

function refusalsOf({ refusals }: Operation): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(refusals.map((status) => [status, { description: STATUS_CODES[status], content }]));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io }) as Json;
  return rest;
}
