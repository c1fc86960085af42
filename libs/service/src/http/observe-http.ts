import { httpMetrics } from '@mentorhub/metrics';
import { setHttpRoute } from '@mentorhub/tracing';
import { context, type Context } from '@opentelemetry/api';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '../logging/create-logger.js';

/** A path that no route serves; the raw path would let anyone make new label values. */
const unmatchedRoute = 'unmatched';

/**
 * Measures and logs every request of the application: method, route template, status, duration. Never the body, the
 * raw path or the query, which may hold tokens. Names the server's span after the route. Call it before `app.init()`.
 */
export function observeHttp(app: NestFastifyApplication, logger: Logger): void {
  const contexts = new WeakMap<object, Context>();
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    setHttpRoute(request.routeOptions.url ?? unmatchedRoute);
    contexts.set(request, context.active());
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? unmatchedRoute;
    const status = reply.statusCode;
    const seconds = reply.elapsedTime / 1000;
    httpMetrics.requestDuration.observe({ method: request.method, route, status_code: status }, seconds);
    context.with(contexts.get(request) ?? context.active(), () =>
      logger.info({ method: request.method, route, status, seconds: Number(seconds.toFixed(4)) }, 'Request answered.'),
    );
    done();
  });
}
