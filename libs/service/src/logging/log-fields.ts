import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

export type LogFields = Readonly<Record<string, string | number | boolean>>;

const storage = new AsyncLocalStorage<LogFields>();

/**
 * Runs `fn` so that every line logged within it, however deep and however much later, carries `fields`.
 * Nested calls add to the outer fields.
 * @example withLogFields({ task_id: delivery.messageId }, () => handle(delivery));
 */
export function withLogFields<T>(fields: LogFields, fn: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, fn);
}

/** The fields of `withLogFields` and of the active span, added to every line. */
export function contextFields(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { ...storage.getStore(), trace_id: span.traceId, span_id: span.spanId } : { ...storage.getStore() };
}
