import { context } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';

/**
 * Tells the active HTTP server span its route template (`/v1/tasks/:id`), which only the router knows. The span is then
 * named `GET /v1/tasks/:id` and carries `http.route`. Does nothing without an SDK.
 */
export function setHttpRoute(route: string): void {
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route;
}
