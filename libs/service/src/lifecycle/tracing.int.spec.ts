import { createDatabase, eventually, freePort, NodeProcess, startOtlpReceiver } from '@mentorhub/testing';
import type { OtlpReceiver, ReceivedSpan, TestDatabase } from '@mentorhub/testing';

const nodeArguments = [
  '--conditions=@mentorhub/source',
  '--import=./libs/service/test/typescript-hook.mjs',
  '--import=@mentorhub/tracing/register',
  'libs/service/test/sample-service.mjs',
];

describe('tracing a service', () => {
  let database: TestDatabase;
  let otlp: OtlpReceiver;
  let service: NodeProcess;
  let httpPort: number;
  let spans: ReceivedSpan[];
  let answer: { traceparent: string };

  const start = async (env: Record<string, string>) => {
    httpPort = await freePort();
    const METRICS_PORT = String(await freePort());
    const own = { DATABASE_URL: database.url, HOST: '127.0.0.1', HTTP_PORT: String(httpPort), METRICS_PORT };
    return new NodeProcess('sample', nodeArguments, { ...own, ...env });
  };
  const request = (path: string) => fetch(`http://127.0.0.1:${httpPort}${path}`, { headers: { traceparent: caller } });
  const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const span = (name: string | RegExp) => spans.find((one) => one.name.match(name)) as ReceivedSpan;

  beforeAll(async () => {
    database = await createDatabase();
    otlp = await startOtlpReceiver();
    service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
    await eventually(() => service.output().includes('is ready'), { what: 'the service to be ready' });
    answer = (await (await request('/orders/4711')).json()) as { traceparent: string };
    await eventually(() => service.output().includes('relayed'), { what: 'what comes after the request' });
    service.signal('SIGTERM');
    expect(await service.exited).toBe(0);
    spans = otlp.spans();
  });
  afterAll(async () => {
    service.signal('SIGKILL');
    await service.exited;
    await otlp.close();
    await database.remove();
  });

  it('sends what is still waiting before the process ends', () => {
    expect(spans.length).toBeGreaterThanOrEqual(3);
  });

  it("continues the caller's trace, named for the route and the service's package", () => {
    const server = span('GET /orders/:id');
    expect(server).toMatchObject({ kind: 'server', parentSpanId: 'b7ad6b7169203331', service: 'service' });
    expect(server.attributes['http.route']).toBe('/orders/:id');
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
  });

  it('shows the queries of a request within it, and no query that nobody asked for', () => {
    const queries = spans.filter(({ scope }) => scope.includes('instrumentation-pg'));
    const texts = queries.map(({ attributes }) => attributes['db.statement'] ?? attributes['db.query.text']);
    expect(texts).toContain('SELECT $1::text AS sample_order');
    expect(texts).toContain('SELECT 3 AS relayed');
    expect(texts.join()).not.toContain('polled_outside_any_trace');
    expect(JSON.stringify(queries)).not.toContain('4711');
  });

  it('lets what is done later with the stored headers belong to the request', () => {
    const relay = span('relay');
    expect(relay.attributes).toMatchObject({ 'sample.kind': 'later' });
    expect(answer.traceparent).toContain(relay.parentSpanId);
    expect(relay.parentSpanId).toBe(span('GET /orders/:id').spanId);
  });

  it('puts the ids of the trace into the log line of the request', () => {
    const line = service
      .output()
      .split('\n')
      .find((text) => text.includes('Request answered.'));
    const { trace_id, span_id } = JSON.parse(line ?? '{}') as Record<string, string>;
    expect(trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span_id).toBe(span('GET /orders/:id').spanId);
  });

  it('refuses an endpoint that is no URL with one sentence', async () => {
    const refused = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' });
    expect(await refused.exited).toBe(1);
    expect(refused.output()).toMatch(/^OTEL_EXPORTER_OTLP_ENDPOINT is wrong: it is not an HTTP URL\. Set .*\n$/);
  });
});
