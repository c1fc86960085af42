import { requestSeconds } from './buckets.js';
import { histogram } from './registry.js';

/** HTTP requests that this process answered. `route` is the template (`/v1/tasks/:id`), never the raw path. */
export const httpMetrics = {
  requestDuration: histogram(
    'http_server_request_duration_seconds',
    'How long answering a request took, by method, route template and status.',
    requestSeconds,
    ['method', 'route', 'status_code'],
  ),
};
