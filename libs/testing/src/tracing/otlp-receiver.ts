import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { eventually, type EventuallyOptions } from '../eventually.js';
import { readSpans, type ExportTraceRequest, type ReceivedSpan } from './received-span.js';

/** A collector of traces over OTLP/HTTP with JSON, which is what `@opentelemetry/exporter-trace-otlp-http` sends. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** Every span received so far. */
  spans(): ReceivedSpan[];
  /** Waits until `predicate` holds for all spans received so far, returns them; default time-out 20 s. */
  waitForSpans(predicate: (spans: ReceivedSpan[]) => boolean, options?: EventuallyOptions): Promise<ReceivedSpan[]>;
  /** Forgets what was received. */
  clear(): void;
  close(): Promise<void>;
}

/** @example const otlp = await startOtlpReceiver(); // then OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const receiver = new Receiver();
  await receiver.listen();
  return receiver;
}

class Receiver implements OtlpReceiver {
  url = '';
  private received: ReceivedSpan[] = [];
  private readonly refusals: string[] = [];
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  spans(): ReceivedSpan[] {
    return [...this.received];
  }

  async waitForSpans(
    predicate: (spans: ReceivedSpan[]) => boolean,
    options: EventuallyOptions = {},
  ): Promise<ReceivedSpan[]> {
    const found = eventually(() => predicate(this.spans()) && this.spans(), { what: 'spans to arrive', ...options });
    return found.catch((error: Error) => {
      throw new Error(`${error.message} ${this.seen()}`, { cause: error });
    });
  }

  clear(): void {
    this.received = [];
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const status = this.take(request, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }

  private take(request: IncomingMessage, body: Buffer): number {
    const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
    if (request.url !== '/v1/traces') return 200;
    if (!type.startsWith('application/json')) {
      this.refusals.push(`Spans sent as ${type} were refused: only JSON is understood (exporter-trace-otlp-http).`);
      return 415;
    }
    const json = encoding === 'gzip' ? gunzipSync(body) : body;
    this.received.push(...readSpans(JSON.parse(json.toString('utf8')) as ExportTraceRequest));
    return 200;
  }

  private seen(): string {
    const names = this.received.map((span) => `${span.service}: ${span.name} (trace ${span.traceId.slice(0, 8)})`);
    return [`Received were ${names.length} spans.`, ...names, ...this.refusals].join('\n');
  }
}
