import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { callerOf, publicCaller, type ApiKeys } from './api-keys.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the key that the request came with; `public` where none is needed and no valid one came. */
    caller: string;
  }
  interface FastifyContextConfig {
    /** Needs no key. */
    public?: boolean;
  }
}

/** Marks a route that needs no key; whatever else Fastify should know of it stands beside. */
export const PublicRoute = (config: object = {}) => RouteConfig({ ...config, public: true });

/**
 * Asks every request for its key before its body is read, so that strangers cannot make the server read megabytes. Where none
 * is needed, one that nobody has is like none.
 */
export function authenticateRequests(fastify: FastifyInstance, keys: ApiKeys): void {
  fastify.decorateRequest('caller', publicCaller);
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.public) request.caller = callerBehind(request, keys) ?? publicCaller;
    else if (!request.is404) request.caller = authenticated(request, keys);
    done();
  });
}

const keyIn = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer +([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '')?.[1];

function callerBehind(request: FastifyRequest, keys: ApiKeys): string | undefined {
  const key = keyIn(request);
  return key === undefined ? undefined : callerOf(key, keys);
}

function authenticated(request: FastifyRequest, keys: ApiKeys): string {
  const key = keyIn(request);
  if (key === undefined) throw unauthorized('This needs a key. Send it as "Authorization: Bearer <key>".', 'Bearer');
  const caller = callerOf(key, keys);
  if (caller === undefined)
    throw unauthorized('Nobody has this key. Ask the operators for a valid one.', 'Bearer error="invalid_token"');
  return caller;
}

const unauthorized = (detail: string, challenge: string) =>
  new Problem(401, detail, { headers: { 'www-authenticate': challenge } });
