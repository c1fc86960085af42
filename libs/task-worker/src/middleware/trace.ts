import { traceProcess } from '@mentorhub/messaging';
import { isTracing } from '@mentorhub/tracing';
import type { Middleware } from './middleware.js';

/** The process span: a child of the span that published the message. */
export const trace: Middleware = (job, next) => (isTracing() ? traceProcess(job.delivery, next) : next());
