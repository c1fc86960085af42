import type { ServiceOptions } from '@mentorhub/service';
import { TaskServer } from '@mentorhub/task-worker';
import type { FastifyReply } from 'fastify';
import { loadGatewayConfig, type GatewayConfig } from './config.js';
import { GatewayModule, serviceName } from './gateway.module.js';
import { ordinaryBodyBytes } from './http/body-limits.js';
import { configureHttp } from './http/configure-http.js';
import { requestId } from './http/request-hooks.js';
import { answerRouterError } from './problems/send-problem.js';

/** How the gateway is started, by `main.ts` and by tests. */
export const gatewayService: ServiceOptions<GatewayConfig> = {
  name: serviceName,
  config: loadGatewayConfig,
  module: (config) => GatewayModule.forRoot(config),
  httpPort: ({ ROLE, HTTP_PORT }) => (ROLE.includes('http') ? HTTP_PORT : undefined),
  httpOptions: ({ TRUST_PROXY }) => ({
    bodyLimit: ordinaryBodyBytes,
    trustProxy: TRUST_PROXY,
    genReqId: requestId,
    // The types of Nest's options allow for HTTP/2, which this server does not speak.
    frameworkErrors: (error, _request, reply) => answerRouterError(error, reply as unknown as FastifyReply),
    // A whole request, body included, has to arrive in this time.
    requestTimeout: 60_000,
  }),
  configure: (app, config) => (config.ROLE.includes('http') ? configureHttp(app, config) : undefined),
  strategies: (app, { ROLE }) => (ROLE.includes('worker') ? [app.get(TaskServer)] : []),
};
