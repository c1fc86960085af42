import { SERVICE_LOGGER, type Logger } from '@mentorhub/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { authenticateRequests } from '../auth/authenticate.js';
import type { GatewayConfig } from '../config.js';
import { InputPipe } from '../input/input.pipe.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { applyBodyLimits } from './body-limits.js';
import { dropFormBodies } from './form-body.js';
import { readJsonBodies } from './json-body.js';
import { limitPublicFlows } from './public-rate-limit.js';
import { allowEmptyBodies, identifyRequests, refuseHarmfulInput, refuseOtherMediaTypes } from './request-hooks.js';
import { answerUnknownRoutes } from './unknown-routes.js';

/**
 * What every request passes, in this order: 1. its id; 2. is there such a route; 3. whose key is it; 4. is its body JSON;
 * 5. the body is read within its limit; 6. nothing harmful in it; 7. the route's schema; 8. the controller. What any of
 * them throws is answered as a problem document.
 */
export async function configureHttp(app: NestFastifyApplication, config: GatewayConfig): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  app.useGlobalFilters(new ProblemFilter(app.get<Logger>(SERVICE_LOGGER)));
  app.useGlobalPipes(new InputPipe());
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: "'none'", frameAncestors: "'none'" } },
  });
  identifyRequests(fastify);
  answerUnknownRoutes(fastify);
  authenticateRequests(fastify, config.API_KEYS ?? new Map());
  refuseOtherMediaTypes(fastify);
  allowEmptyBodies(fastify);
  applyBodyLimits(fastify);
  readJsonBodies(app);
  dropFormBodies(app);
  refuseHarmfulInput(fastify);
  await limitPublicFlows(app, config.PUBLIC_REQUESTS_PER_MINUTE);
}
