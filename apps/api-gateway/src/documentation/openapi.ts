import { STATUS_CODES } from 'node:http';
import { catalogue, NewSchedule } from '@mentorhub/contracts';
import { describeTasks } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { numbersInText } from '../input/numbers-in-text.js';
import { ProblemAnswer } from '../problems/answers.js';
import { TaskRequest } from '../tasks/requests.js';
import { answerHeaders } from './documented.js';
import type { DocumentedRoute } from './documented-routes.js';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, made from the routes and from the schemas that requests are really checked by. */
export function openApiDocument(routes: readonly DocumentedRoute[], version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'MentorHub Tasks',
      version,
      description:
        'Accounts and background tasks. Errors are RFC 9457 problem documents. Instants are RFC 3339, durations are seconds.',
    },
    servers: [{ url: '/', description: 'The gateway that serves this document.' }],
    tags: tagsOf(routes),
    paths: pathsOf(routes),
    components: {
      schemas: { Problem: schemaOf(ProblemAnswer, 'output'), ...requestsPerTask() },
      responses: problemResponses(routes),
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of the API_KEYS.' } },
    },
  };
}

const tagOf = ({ path }: DocumentedRoute): string => path.split('/')[2] ?? '';

function tagsOf(routes: readonly DocumentedRoute[]): Json[] {
  const sentences = new Map(routes.map((route) => [tagOf(route), route.group]));
  return [...sentences].map(([name, description]) => ({ name, description }));
}

function pathsOf(routes: readonly DocumentedRoute[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return paths;
}

function operationOf(route: DocumentedRoute): Json {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [tagOf(route)],
    security: route.config.public ? [] : [{ key: [] }],
    parameters: parametersOf(route),
    ...(route.body && { requestBody: bodyOf(route, route.body) }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  };
}

const bodyOf = ({ config, example }: DocumentedRoute, body: z.ZodType): Json => ({
  required: !config.bodyOptional,
  content: { 'application/json': { schema: schemaOf(body, 'input'), ...(example !== undefined && { example }) } },
});

function parametersOf({ path, creates, conditional, query }: DocumentedRoute): Json[] {
  const { properties, required = [] } = (query ? schemaOf(query, 'input') : {}) as QuerySchema;
  const inQuery = Object.entries(properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
  return [
    ...namesIn(path).map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', ...(name === 'id' && { format: 'uuid' }) },
    })),
    ...inQuery,
    ...(creates ? [idempotencyKey] : []),
    ...(conditional ? [ifMatch] : []),
  ];
}

const namesIn = (path: string): (string | undefined)[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

interface QuerySchema {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repetition with the same key and body gets the same answer; it is kept for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The ETag that was read; 412 when it was changed since. Without it the change is made whatever came between.',
  schema: { type: 'string' },
};

function answersOf({ answers, alsoAs, headers = [] }: DocumentedRoute): Json {
  const described = headers.map((name) => [name, { description: answerHeaders[name], schema: { type: 'string' } }]);
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => {
      const content = {
        ...(schema && { 'application/json': { schema: schemaOf(schema, 'output') } }),
        ...(alsoAs && { [alsoAs]: { schema: { type: 'string' } } }),
      };
      return [
        status,
        {
          description: STATUS_CODES[status],
          ...(headers.length > 0 && { headers: Object.fromEntries(described) }),
          ...(Object.keys(content).length > 0 && { content }),
        },
      ];
    }),
  );
}

/** What the route names itself, and what follows from how it is declared. */
function refusalStatuses(route: DocumentedRoute): number[] {
  const { config, body, query, creates, conditional, path, refusals = [], answers } = route;
  const statuses = new Set([
    ...refusals,
    ...(config.public ? [] : [401]),
    ...(config.limitedPerAddress ? [429] : []),
    ...(path.includes('{') ? [404] : []),
    ...(body ? [400, 413, 415, 422] : []),
    ...(query ? [422] : []),
    ...(creates ? [409, 422] : []),
    ...(conditional ? [412, 422] : []),
  ]);
  return [...statuses].filter((status) => !(status in answers)).sort((a, b) => a - b);
}

const refusalsOf = (route: DocumentedRoute): Json =>
  Object.fromEntries(
    refusalStatuses(route).map((status) => [status, { $ref: `#/components/responses/${responseName(status)}` }]),
  );

const responseName = (status: number): string => (STATUS_CODES[status] ?? String(status)).replaceAll(/\W/g, '');

function problemResponses(routes: readonly DocumentedRoute[]): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const statuses = [...new Set(routes.flatMap(refusalStatuses))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const headers = refusalHeaders[status];
      return [responseName(status), { description: STATUS_CODES[status], ...(headers && { headers }), content }];
    }),
  );
}

const retryAfter = {
  'retry-after': { description: 'In how many seconds to try again.', schema: { type: 'integer' } },
};
const refusalHeaders: Readonly<Record<number, Json>> = {
  401: { 'www-authenticate': { description: 'How to authenticate (RFC 6750).', schema: { type: 'string' } } },
  429: retryAfter,
  503: retryAfter,
};

/** Requests that name a task and carry its payload. */
const perTask = new Map<unknown, string>([
  [TaskRequest, 'TaskRequest'],
  [NewSchedule, 'NewSchedule'],
]);

/** For each task a schema of its own, so that a client knows which payload belongs to which. */
function requestsPerTask(): Json {
  const schemas: Json = {};
  for (const [request, name] of perTask) {
    const { properties, required, ...rest } = withoutDialect(
      z.toJSONSchema(request as z.ZodType, { io: 'input', override: numbersAsNumbers }),
    ) as { properties: Json; required: string[] };
    const mapping: Record<string, string> = {};
    for (const { name: task, payload } of describeTasks(catalogue)) {
      const schema = withoutDialect(payload);
      const own = `${name}.${task}`;
      const needsPayload = ((schema['required'] as string[] | undefined) ?? []).length > 0;
      schemas[own] = {
        ...rest,
        title: own,
        properties: { ...properties, task: { type: 'string', const: task }, payload: schema },
        required: [...new Set([...required, 'task', ...(needsPayload ? ['payload'] : [])])],
      };
      mapping[task] = `#/components/schemas/${own}`;
    }
    schemas[name] = {
      oneOf: Object.values(mapping).map(($ref) => ({ $ref })),
      discriminator: { propertyName: 'task', mapping },
    };
  }
  return schemas;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return withoutDialect(
    z.toJSONSchema(schema, {
      io,
      override: (place) => {
        numbersAsNumbers(place);
        const name = io === 'input' ? perTask.get(place.zodSchema) : undefined;
        if (name) replace(place.jsonSchema, { $ref: `#/components/schemas/${name}` });
      },
    }),
  );
}

/** A query is text; what is read as a number is told as one. */
function numbersAsNumbers({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: object }): void {
  const number = numbersInText.get(zodSchema as z.ZodType);
  if (number) replace(jsonSchema, number);
}

function replace(schema: object, by: object): void {
  for (const key of Object.keys(schema)) delete (schema as Json)[key];
  Object.assign(schema, by);
}

function withoutDialect(schema: object): Json {
  const { $schema: _dialect, ...rest } = schema as Json;
  return rest;
}
