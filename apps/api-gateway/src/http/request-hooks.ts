import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { withLogFields } from '@mentorhub/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { assertHarmless } from '../input/harmful-input.js';
import { Problem } from '../problems/problem.js';

/** The caller's own X-Request-Id when it is a decent one, else a new id. */
export function requestId({ headers }: { headers: IncomingHttpHeaders }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Every answer names its request, and so does every log line about it; no answer is kept by a cache. */
export function identifyRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' });
    withLogFields({ request_id: request.id }, done);
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its body may also be that of a form, which is not looked at. */
    takesForms?: boolean;
    /** It may come without a body, whatever its Content-Type says. A DELETE always may. */
    bodyOptional?: boolean;
  }
}

/** Refuses a body that is not JSON before it is read. */
export function refuseOtherMediaTypes(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (
      !request.is404 &&
      hasBody(request) &&
      !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '') &&
      !request.routeOptions.config.takesForms
    )
      throw new Problem(415, 'The body has to be JSON. Send it with Content-Type: application/json.');
    done();
  });
}

/** Clients that say JSON in every request say so without a body too, where none is needed. */
export function allowEmptyBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const isOptional = request.method === 'DELETE' || request.routeOptions.config.bodyOptional;
    if (isOptional && !hasBody(request)) delete request.headers['content-type'];
    done();
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Checks body and query before anything else sees them. */
export function refuseHarmfulInput(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    assertHarmless(request.body);
    assertHarmless(request.query);
    done();
  });
}
