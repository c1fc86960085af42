import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The one registry of the process. Metrics are module-level, not injected: a metric has no state that a test or a second
 * instance would want to replace, libraries without Nest (messaging, task-store) write to it, and one process is scraped as one target.
 */
const registry = new Registry();
let defaultsStarted = false;

/** Defines a counter in the process's registry. `Label` lists its labels; counters without labels start at 0 by themselves. */
export function counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) {
  return new Counter<Label>({ name, help, labelNames, registers: [registry] });
}

/** Defines a gauge in the process's registry. */
export function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) {
  return new Gauge<Label>({ name, help, labelNames, registers: [registry] });
}

/** Defines a histogram in the process's registry; `buckets` are upper bounds in the metric's own unit. */
export function histogram<Label extends string>(
  name: string,
  help: string,
  buckets: readonly number[],
  labelNames: readonly Label[] = [],
) {
  return new Histogram<Label>({ name, help, buckets: [...buckets], labelNames, registers: [registry] });
}

/** What `GET /metrics` answers: every metric of the process in Prometheus' text format, with its content type. */
export async function metricsText(): Promise<{ contentType: string; body: string }> {
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/** Starts Node's own metrics (event loop lag, heap, garbage collection, open handles). Calling it again does nothing. */
export function startDefaultMetrics(): void {
  if (defaultsStarted) return;
  defaultsStarted = true;
  collectDefaultMetrics({ register: registry });
}
