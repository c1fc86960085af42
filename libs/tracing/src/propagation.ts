import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
} from '@opentelemetry/api';

/** The W3C trace context as text: what is stored in a database row or sent in a header, to be continued later. */
export interface TraceHeaders {
  traceparent?: string;
  tracestate?: string;
}

/**
 * The active trace as W3C headers; `{}` when nothing is traced. Store it with a row at enqueue, so that whoever
 * publishes the row later, in whichever process, continues the trace of the request that asked for it.
 */
export function currentTraceHeaders(): TraceHeaders {
  const headers: TraceHeaders = {};
  if (trace.getActiveSpan()) propagation.inject(context.active(), headers);
  return headers;
}

/** The active trace as a `traceparent`; undefined when nothing is traced. */
export function currentTraceparent(): string | undefined {
  return currentTraceHeaders().traceparent;
}

/**
 * Runs `fn` as a part of the trace in `headers`: spans started in it are children of that remote span. Without a
 * (valid) `traceparent` it runs outside any trace, not in the one that happens to be active here.
 */
export function withRemoteParent<T>(headers: TraceHeaders, fn: () => T): T {
  return context.with(remoteContext(headers), fn);
}

function remoteContext({ traceparent, tracestate }: TraceHeaders): Context {
  if (traceparent === undefined) return ROOT_CONTEXT;
  return propagation.extract(ROOT_CONTEXT, tracestate === undefined ? { traceparent } : { traceparent, tracestate });
}

/**
 * Runs `fn` in a span of its own, ended when `fn` is done. What `fn` throws is recorded and thrown on unchanged.
 * Without an SDK it only calls `fn`. `kind` is `client` for a call to another server.
 * @example await traced('daily-stats generate', { 'mentorhub.day': day }, () => this.generate(day));
 */
export function traced<T>(
  name: string,
  attributes: Attributes,
  fn: () => Promise<T>,
  kind: 'internal' | 'client' = 'internal',
): Promise<T> {
  const spanKind = kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL;
  return trace.getTracer('@mentorhub/tracing').startActiveSpan(name, { attributes, kind: spanKind }, async (span) => {
    try {
      return await fn();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
