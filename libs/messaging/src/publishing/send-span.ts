import { type Context, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { BrokerAddress } from '../connection/broker-address.js';
import { textGetter } from '../consuming/header-values.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { PublishError } from './publish-error.js';

const tracer = trace.getTracer('@mentorhub/messaging');

/**
 * Starts the span `send <exchange>` and writes its context into the headers. Only when something recorded asks for it: the span that is
 * active, or the `traceparent` that the message already carries (a relay sends for a request that is long over). Without an SDK neither
 * exists, and headers pass through as they are.
 */
export function startSendSpan(
  message: OutgoingMessage,
  headers: Record<string, unknown>,
  address?: BrokerAddress,
): Span | undefined {
  const parent = parentContext(headers);
  if (!parent) return undefined;
  const span = tracer.startSpan(
    `send ${message.exchange}`,
    { kind: SpanKind.PRODUCER, attributes: attributes(message, address) },
    parent,
  );
  propagation.inject(trace.setSpan(parent, span), headers);
  return span;
}

export function endSendSpan(span: Span, failure?: PublishError): void {
  if (failure) {
    span.setAttribute('error.type', failure.failure);
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
  }
  span.end();
}

function parentContext(headers: Record<string, unknown>): Context | undefined {
  if (typeof headers['traceparent'] === 'string') {
    const extracted = propagation.extract(context.active(), headers, textGetter);
    return trace.getSpanContext(extracted) ? extracted : undefined;
  }
  const active = context.active();
  return trace.getSpan(active)?.isRecording() ? active : undefined;
}

function attributes(message: OutgoingMessage, address?: BrokerAddress) {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.type': 'send',
    'messaging.operation.name': 'send',
    'messaging.destination.name': message.exchange,
    'messaging.rabbitmq.destination.routing_key': message.routingKey,
    'messaging.message.id': message.messageId,
    'messaging.message.body.size': message.body.length,
    'server.address': address?.host,
    'server.port': address?.port,
  };
}
