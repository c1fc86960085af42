import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { publicCaller } from '../auth/api-keys.js';
import { PublicRoute } from '../auth/authenticate.js';
import { Problem } from '../problems/problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Shares the allowance of the public flows. */
    limitedPerAddress?: boolean;
  }
}

/** A route of the public flows: needs no key, and is limited per client address. */
export const PublicFlow = (config: object = {}) => PublicRoute({ ...config, limitedPerAddress: true });

const headersLeftOut = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };

/**
 * Limits all routes marked by `PublicFlow` together: 429 with `Retry-After` beyond `perMinute` requests of one address, or
 * of one IPv6 /64. A request with a valid key is not counted: a backend asks for all its users from one address, and is
 * known. Each replica counts for itself. Install before the routes; 0 installs nothing.
 */
export async function limitPublicFlows(app: NestFastifyApplication, perMinute: number): Promise<void> {
  if (perMinute === 0) return;
  const fastify = app.getHttpAdapter().getInstance();
  await app.register(rateLimit, {
    global: false,
    max: perMinute,
    allowList: ({ caller }) => caller !== publicCaller,
    timeWindow: 60_000,
    addHeadersOnExceeding: headersLeftOut,
    addHeaders: { ...headersLeftOut, 'retry-after': true },
    errorResponseBuilder: (_request, { ttl }) =>
      new Problem(429, `Too many requests came from this address. Try again in ${Math.ceil(ttl / 1000)} seconds.`),
  });
  // The plugin's own way, options of a route, would count each route for itself.
  const limit = fastify.rateLimit();
  fastify.addHook('onRoute', (route) => {
    if (route.config?.limitedPerAddress) route.onRequest = limit;
  });
}
