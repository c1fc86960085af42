import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bytes that the body of this route may have. */
    bodyLimit?: number;
  }
}

/** What one payload may have, as JSON in UTF-8. */
export const largestPayloadBytes = 256 * 1024;
/** What surrounds a payload in a request to accept it. */
export const ordinaryBodyBytes = largestPayloadBytes + 16 * 1024;
export const bulkBodyBytes = 16 * 1024 * 1024;

/** A body limit of a route's own. */
export const BodyLimit = (bytes: number) => RouteConfig({ bodyLimit: bytes });

/** Nest hands only a route's `config` to Fastify; its body limit stands elsewhere. Install before the routes. */
export function applyBodyLimits(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.bodyLimit !== undefined) route.bodyLimit = route.config.bodyLimit;
  });
}
