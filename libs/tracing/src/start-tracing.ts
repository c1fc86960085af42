import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { tracingStarted } from './lifecycle.js';
import type { TracingSettings } from './settings.js';

/** Probes and scrapes come every few seconds and would bury what people did. */
const operationsPaths = /^\/(health|metrics)(\/|\?|$)/;

/** In URLs of requests to us, such as unsubscribe links; and what OpenTelemetry redacts by default, which this list replaces. */
const secretParameters = ['token', 'sig', 'Signature', 'AWSAccessKeyId', 'X-Goog-Signature'];

/**
 * Starts OpenTelemetry: HTTP both ways, PostgreSQL, OTLP over HTTP in batches. Metrics and logs stay where they are
 * (Prometheus, standard output). Messages are traced by `libs/messaging` itself.
 */
export function startTracing({ serviceName }: TracingSettings): void {
  const sdk = new NodeSDK({
    serviceName,
    traceExporter: new OTLPTraceExporter(),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => operationsPaths.test(url ?? ''),
        redactedQueryParamsServer: secretParameters,
      }),
      // Without a parent it would be the relay's polling: a trace a second that nobody asked for.
      new PgInstrumentation({ requireParentSpan: true }),
    ],
  });
  sdk.start();
  tracingStarted(() => sdk.shutdown());
}
