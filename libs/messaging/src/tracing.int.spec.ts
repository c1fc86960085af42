import { createVhost, eventually, type TestVhost } from '@mentorhub/testing';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { Broker } from './broker.js';
import type { Delivery } from './consuming/delivery.js';
import { traceProcess } from './consuming/process-span.js';
import type { OutgoingMessage } from './publishing/outgoing-message.js';

describe('tracing', () => {
  const exporter = new InMemorySpanExporter();
  const tracer = trace.getTracer('test');
  const received: Delivery[] = [];
  let vhost: TestVhost;
  let broker: Broker;

  beforeAll(async () => {
    vhost = await createVhost();
    const ignore = () => undefined;
    broker = new Broker({
      url: vhost.amqpUrl,
      clientName: 'tracing-test',
      topology: {
        exchanges: [{ name: 'tasks', type: 'topic' }],
        queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 } }],
        bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
      },
      topologyMode: 'declare',
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      onFatal: (error) => {
        throw error;
      },
    });
    broker.start();
    await broker.untilReady();
    broker.consume({
      queue: 'email',
      prefetch: 10,
      onDelivery: (delivery) => (received.push(delivery), delivery.ack()),
    });
  });

  afterAll(async () => {
    await broker.close();
    await vhost.remove();
  });

  afterEach(() => {
    trace.disable();
    context.disable();
    propagation.disable();
    exporter.reset();
    received.length = 0;
  });

  function registerSdk(): void {
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  }

  const publish = (fields: Partial<OutgoingMessage> = {}) =>
    broker.publisher.publish({
      exchange: 'tasks',
      routingKey: 'email.send',
      body: Buffer.from('{}'),
      messageId: 'id-1',
      ...fields,
    });
  const delivered = () => eventually(() => received[0]);
  const spanNamed = (name: string) => {
    const span = exporter.getFinishedSpans().find((one) => one.name === name);
    if (!span) throw new Error(`There is no span "${name}".`);
    return span;
  };

  it('G57: one trace goes from the span that publishes through the send span to the process span', async () => {
    registerSdk();
    const root = tracer.startSpan('request');
    await context.with(trace.setSpan(context.active(), root), () => publish());
    root.end();
    const delivery = await delivered();
    const inside = await traceProcess(delivery, () => trace.getActiveSpan()?.spanContext().spanId);

    const send = spanNamed('send tasks');
    const process = spanNamed('process email');
    expect(send.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    expect(process.parentSpanContext?.spanId).toBe(send.spanContext().spanId);
    expect(process.spanContext()).toMatchObject({ traceId: root.spanContext().traceId, spanId: inside });
    expect([send.kind, process.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(send.attributes).toMatchObject({
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'send',
      'messaging.destination.name': 'tasks',
      'messaging.rabbitmq.destination.routing_key': 'email.send',
      'messaging.message.id': 'id-1',
      'server.address': new URL(vhost.amqpUrl).hostname,
      'server.port': Number(new URL(vhost.amqpUrl).port),
    });
    expect(process.attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'email',
    });
  });

  it('G57: a message that carries its trace already (sent by a relay, later) continues that trace', async () => {
    registerSdk();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await publish({ headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
    const send = spanNamed('send tasks');
    expect(send.spanContext().traceId).toBe(traceId);
    expect(send.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect((await delivered()).headers['traceparent']).toBe(`00-${traceId}-${send.spanContext().spanId}-01`);
  });

  it('starts no trace of its own when nobody asked for one', async () => {
    registerSdk();
    await publish();
    expect((await delivered()).headers).toEqual({});
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('records on the spans why a publish or a handler failed, and throws it on', async () => {
    registerSdk();
    const root = tracer.startSpan('request');
    const failed = context.with(trace.setSpan(context.active(), root), () =>
      publish({ routingKey: 'nobody', mandatory: true }),
    );
    await expect(failed).rejects.toMatchObject({ failure: 'returned' });
    expect(spanNamed('send tasks')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'returned' },
    });
    await publish();
    const handled = traceProcess(await delivered(), () => {
      throw new RangeError('too much');
    });
    await expect(handled).rejects.toThrow('too much');
    expect(spanNamed('process email')).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'too much' },
      attributes: { 'error.type': 'RangeError' },
      events: [{ name: 'exception' }],
    });
  });

  it('passes a trace through untouched when no SDK is registered', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await publish({ headers: { traceparent } });
    const delivery = await delivered();
    expect(delivery.headers).toEqual({ traceparent });
    await expect(traceProcess(delivery, () => 'result')).resolves.toBe('result');
  });
});
