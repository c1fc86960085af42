import { createHash, randomBytes } from 'node:crypto';
import { startService, type RunningService } from '@mentorhub/service';
import { createDatabase, freePort, type TestDatabase } from '@mentorhub/testing';
import { loadGatewayConfig, type GatewayConfig } from '../src/config.js';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { gatewayService } from '../src/gateway-service.js';

export const apiKey = 'key-of-the-tests';
export const otherApiKey = 'key-of-another-caller';
export const payloadKey = randomBytes(32);

const hash = (key: string) => createHash('sha256').update(key).digest('hex');

/** A gateway in this process, on a database of its own; unless told otherwise only the role http, with no broker. */
export interface RunningGateway {
  readonly url: string;
  readonly database: TestDatabase;
  readonly service: RunningService<GatewayConfig>;
  /** Sends JSON with the key of the tests; `body` undefined sends none. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Sends a body as it is. */
  send(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Reply>;
  stop(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body parsed; undefined when it is empty or a page. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read whatever they expect
  readonly json: any;
}

export const createGatewayDatabase = () =>
  createDatabase({ template: 'api-gateway', migrate: async (url) => void (await migrateDatabase(url)) });

/** @param given removed with the gateway too. */
export async function startGateway(env: Record<string, string> = {}, given?: TestDatabase): Promise<RunningGateway> {
  const database = given ?? (await createGatewayDatabase());
  const config = loadGatewayConfig({
    DATABASE_URL: database.url,
    AMQP_URL: `amqp://guest:guest@127.0.0.1:${await freePort()}/`,
    PAYLOAD_KEYS: `k1:${payloadKey.toString('base64')}`,
    API_KEYS: `tests:${hash(apiKey)},other:${hash(otherApiKey)}`,
    LOG_LEVEL: 'silent',
    HOST: '127.0.0.1',
    HTTP_PORT: '0',
    METRICS_PORT: '0',
    PUBLIC_REQUESTS_PER_MINUTE: '0',
    ROLE: 'http',
    ...env,
  });
  const service = await startService({ ...gatewayService, config: () => config });
  return new Gateway(database, service);
}

class Gateway implements RunningGateway {
  readonly url: string;

  constructor(
    readonly database: TestDatabase,
    readonly service: RunningService<GatewayConfig>,
  ) {
    this.url = `http://127.0.0.1:${service.httpPort}`;
  }

  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.fetch(method, path, body === undefined ? undefined : JSON.stringify(body), headers);
  }

  send(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
    return this.fetch('POST', path, body, headers);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.database.remove();
  }

  private async fetch(
    method: string,
    path: string,
    body: string | Buffer | undefined,
    headers: Record<string, string>,
  ): Promise<Reply> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      signal: AbortSignal.timeout(70_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : undefined,
    };
  }
}
