import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Delivery } from './delivery.js';
import { textGetter } from './header-values.js';

const tracer = trace.getTracer('@mentorhub/messaging');

/**
 * Runs `fn` in the span `process <queue>`, a child of the span that published the message. What `fn` throws is recorded on the span and
 * thrown on. Without an OpenTelemetry SDK it only calls `fn`.
 *
 * @example
 * await traceProcess(delivery, async (span) => { span.setAttribute('task.attempt', attempt); await handle(delivery); });
 */
export async function traceProcess<T>(delivery: Delivery, fn: (span: Span) => T | Promise<T>): Promise<T> {
  const parent = propagation.extract(ROOT_CONTEXT, delivery.headers, textGetter);
  const span = tracer.startSpan(
    `process ${delivery.queue}`,
    { kind: SpanKind.CONSUMER, attributes: attributes(delivery) },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), fn, undefined, span);
  } catch (error) {
    recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function recordError(span: Span, error: unknown): void {
  const failure = error instanceof Error ? error : new Error(String(error));
  span.recordException(failure);
  span.setAttribute('error.type', failure.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
}

function attributes(delivery: Delivery) {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': delivery.queue,
    'messaging.rabbitmq.destination.routing_key': delivery.routingKey,
    'messaging.message.id': delivery.messageId,
    'messaging.message.conversation_id': delivery.correlationId,
    'messaging.message.body.size': delivery.body.length,
  };
}
