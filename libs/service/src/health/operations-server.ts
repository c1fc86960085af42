import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsText } from '@mentorhub/metrics';
import { unusablePort } from '../config/unusable-port.js';
import { withoutPasswords } from '../logging/secrets.js';
import type { HealthChecks } from './health-checks.js';

/**
 * The port that only operators see: `/metrics`, `/health/live` (the process answers; asks neither broker nor database,
 * since a restart would mend neither) and `/health/ready` (every registered check; 200 or 503).
 * Opens before everything else, so that liveness answers while the service waits for its database.
 */
export class OperationsServer {
  private readonly server: Server;

  constructor(private readonly health: HealthChecks) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) =>
        sendJson(response, 500, { status: 'down', error: String(error) }),
      );
    });
    // A scraper keeps its connection open; that must not keep a stopping process alive.
    this.server.keepAliveTimeout = 5_000;
  }

  /**
   * Starts answering; 0 takes any free port.
   * @throws {ConfigError} when the port is taken, or the host is none of this machine.
   */
  async listen(host: string, port: number): Promise<void> {
    this.server.listen(port, host);
    await once(this.server, 'listening').catch((error: unknown) => {
      throw unusablePort(error, 'METRICS_PORT', host, port) ?? error;
    });
  }

  /** The port that was opened. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Stops answering. Idempotent. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { error: 'Only GET is answered here.' });
    if (path === '/metrics') return sendMetrics(response);
    if (path === '/health/live') return sendJson(response, 200, { status: 'ok' });
    if (path === '/health/ready') return this.sendReadiness(response);
    sendJson(response, 404, { error: 'There is only /metrics, /health/live and /health/ready here.' });
  }

  private async sendReadiness(response: ServerResponse): Promise<void> {
    const report = await this.health.report();
    sendJson(response, report.status === 'ok' ? 200 : 503, report);
  }
}

async function sendMetrics(response: ServerResponse): Promise<void> {
  const { contentType, body } = await metricsText();
  response.writeHead(200, { 'content-type': contentType }).end(body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(withoutPasswords(JSON.stringify(body)));
}
