import { Injectable, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';
import type { z } from 'zod';
import { creatingRequestOf } from '../idempotency/creating-request.js';
import { descriptionKey, groupKey, type RouteDescription } from './documented.js';

/** A route as its controller declares it. */
export interface DocumentedRoute extends RouteDescription {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/tasks/{id}`. */
  readonly path: string;
  /** What its controller's routes are about. */
  readonly group: string;
  readonly body: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  /** Accepts an `Idempotency-Key`. */
  readonly creates: boolean;
  /** Accepts an `If-Match` with what `ETag` answered. */
  readonly conditional: boolean;
  readonly config: Pick<FastifyContextConfig, 'public' | 'limitedPerAddress' | 'bodyOptional'>;
}

/** A parameter of a handler, as Nest keeps it. */
interface Parameter {
  readonly data?: unknown;
  readonly schema?: z.ZodType;
  readonly factory?: unknown;
}

/** Finds the routes that describe themselves. */
@Injectable()
export class DocumentedRoutes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** In the order of their modules and controllers. */
  all(): DocumentedRoute[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (!metatype) return [];
      const prototype = metatype.prototype as Record<string, object>;
      return this.scanner
        .getAllMethodNames(prototype)
        .flatMap((name) => routeOf(metatype, name, prototype[name]) ?? []);
    });
  }
}

// A class is a function to Nest, whatever it constructs.
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
function routeOf(controller: Function, name: string, handler: object | undefined): DocumentedRoute | undefined {
  const description = handler && read<RouteDescription>(descriptionKey, handler);
  if (!description) return undefined;
  const parameters = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) as Record<string, Parameter> | undefined) ?? {},
  );
  const of = (type: RouteParamtypes) =>
    parameters.filter(([key]) => key.startsWith(`${type}:`)).map(([, parameter]) => parameter);
  return {
    ...description,
    method: RequestMethod[
      read<RequestMethod>(METHOD_METADATA, handler) ?? 0
    ]?.toLowerCase() as DocumentedRoute['method'],
    path: pathOf(read<string>(PATH_METADATA, controller), read<string>(PATH_METADATA, handler)),
    group: read<string>(groupKey, controller) ?? '',
    body: of(RouteParamtypes.BODY)[0]?.schema,
    query: of(RouteParamtypes.QUERY)[0]?.schema,
    creates: parameters.some(([, { factory }]) => factory === creatingRequestOf),
    conditional: of(RouteParamtypes.HEADERS).some(({ data }) => data === 'if-match'),
    config: read<DocumentedRoute['config']>(FASTIFY_ROUTE_CONFIG_METADATA, handler) ?? {},
  };
}

const read = <T>(key: string, from: object): T | undefined => Reflect.getMetadata(key, from) as T | undefined;

const pathOf = (...parts: readonly (string | undefined)[]): string =>
  `/${parts
    .flatMap((part = '') => part.split('/'))
    .filter(Boolean)
    .join('/')}`.replaceAll(/:(\w+)/g, '{$1}');
