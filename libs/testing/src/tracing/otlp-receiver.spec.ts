import { gzipSync } from 'node:zlib';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.js';

const span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'publish email',
  kind: 4,
  startTimeUnixNano: '1700000000000000000',
  endTimeUnixNano: '1700000000250000000',
  attributes: [
    { key: 'messaging.system', value: { stringValue: 'rabbitmq' } },
    { key: 'messaging.batch.message_count', value: { intValue: '2' } },
    { key: 'keys', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
  ],
  status: { code: 2, message: 'refused' },
};
const request = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'api-gateway' } }] },
      scopeSpans: [{ scope: { name: '@mentorhub/messaging' }, spans: [span] }],
    },
  ],
};

describe('a receiver of OTLP traces', () => {
  let otlp: OtlpReceiver;

  beforeEach(async () => {
    otlp = await startOtlpReceiver();
  });

  afterEach(() => otlp.close());

  function post(body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
    const all = { 'content-type': 'application/json', ...headers };
    return fetch(`${otlp.url}/v1/traces`, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers: all });
  }

  it('flattens spans with their service and plain attributes', async () => {
    const sent = post(JSON.stringify(request));
    const [received] = await otlp.waitForSpans((spans) => spans.length === 1);
    expect((await sent).status).toBe(200);
    expect(received).toMatchObject({
      service: 'api-gateway',
      traceId: span.traceId,
      parentSpanId: span.parentSpanId,
      name: 'publish email',
      kind: 'producer',
      scope: '@mentorhub/messaging',
      attributes: { 'messaging.system': 'rabbitmq', 'messaging.batch.message_count': 2, keys: ['a'] },
      status: 'error',
      statusMessage: 'refused',
      duration: 0.25,
    });
  });

  it('reads compressed bodies, and forgets on demand', async () => {
    await post(gzipSync(JSON.stringify(request)), { 'content-encoding': 'gzip' });
    expect(otlp.spans()).toHaveLength(1);
    otlp.clear();
    expect(otlp.spans()).toEqual([]);
  });

  it('tells, when spans do not come, that they came in a form it does not understand', async () => {
    await post('x', { 'content-type': 'application/x-protobuf' });
    const waiting = otlp.waitForSpans((spans) => spans.length > 0, { timeoutSeconds: 0.05 });
    await expect(waiting).rejects.toThrow('Spans sent as application/x-protobuf were refused');
  });
});
