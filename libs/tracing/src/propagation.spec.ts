import { context, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { setHttpRoute } from './http-route.js';
import { shutdownTracing, tracingStarted } from './lifecycle.js';
import { currentTraceHeaders, currentTraceparent, traced, withRemoteParent } from './propagation.js';

const remote = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('without tracing', () => {
  it('has no headers and runs what it is given', async () => {
    expect(currentTraceHeaders()).toEqual({});
    expect(currentTraceparent()).toBeUndefined();
    expect(withRemoteParent({ traceparent: remote }, () => 'done')).toBe('done');
    await expect(traced('work', {}, () => Promise.resolve('done'))).resolves.toBe('done');
    expect(() => setHttpRoute('/v1/tasks/:id')).not.toThrow();
    await shutdownTracing();
  });
});

describe('with tracing', () => {
  const exporter = new InMemorySpanExporter();
  const sdk = new NodeSDK({
    serviceName: 'spec',
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    textMapPropagator: new W3CTraceContextPropagator(),
    // Detected attributes come later, and the exporter would wait for them.
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [],
  });

  beforeAll(() => sdk.start());
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    await sdk.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });

  it('continues a stored trace, with its state, in another place', async () => {
    const stored = { traceparent: remote, tracestate: 'vendor=1' };
    const headers = await withRemoteParent(stored, () => traced('relay', {}, async () => currentTraceHeaders()));
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(headers.traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${span?.spanContext().spanId}-01`);
    expect(headers.tracestate).toBe('vendor=1');
  });

  it('leaves the trace that happens to be active when there is none to continue', async () => {
    await traced('polling', {}, async () => {
      expect(withRemoteParent({}, currentTraceparent)).toBeUndefined();
      expect(withRemoteParent({ traceparent: 'nonsense' }, currentTraceparent)).toBeUndefined();
    });
  });

  it('records what is thrown and throws it on unchanged', async () => {
    const error = new Error('broken');
    await expect(traced('work', { kind: 'test' }, () => Promise.reject(error))).rejects.toBe(error);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ name: 'work', attributes: { kind: 'test' }, status: { code: 2 } });
    expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
  });
});

describe('stopping', () => {
  it('stops the SDK once, and lets no fault of it spoil the shutdown', async () => {
    let stops = 0;
    tracingStarted(() => Promise.reject(new Error(`collector away ${++stops}`)));
    await shutdownTracing();
    await shutdownTracing();
    expect(stops).toBe(1);
  });
});
