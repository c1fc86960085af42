import { context, ProxyTracerProvider, trace } from '@opentelemetry/api';

let found = false;

/** Whether an OpenTelemetry SDK is there: without one, spans are not worth making. */
export function isTracing(): boolean {
  if (found) return true;
  const provider = trace.getTracerProvider();
  found = !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('') !== undefined;
  return found;
}

/** @returns what runs something in the trace that is active now, whenever and from wherever that is called. */
export function captureTrace(): <T>(fn: () => T) => T {
  const active = context.active();
  return (fn) => context.with(active, fn);
}
