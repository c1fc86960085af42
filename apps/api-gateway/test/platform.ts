import {
  createDatabase,
  createVhost,
  migrateServices,
  startOtlpReceiver,
  startServices,
  startSmtpServer,
  startTcpProxy,
  type Environment,
  type OtlpReceiver,
  type RunningServices,
  type SmtpServerOptions,
  type TcpProxy,
  type TestDatabase,
  type TestSmtpServer,
  type TestVhost,
} from '@mentorhub/testing';
import { createHash, randomBytes } from 'node:crypto';

export const serviceNames = ['api-gateway', 'email-service', 'analytics-service', 'scheduler-service'] as const;

export const adminEmail = 'admin@example.com';

export const platformKey = randomBytes(24).toString('base64url');

/** The whole platform as real processes, on a vhost, a database and an SMTP server of its own. */
export class Platform {
  private constructor(
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
    readonly smtp: TestSmtpServer,
    readonly traces: OtlpReceiver,
    /** Between the services and the broker, and the database, to take them away. */
    readonly brokerLine: TcpProxy,
    readonly databaseLine: TcpProxy,
    readonly running: RunningServices<(typeof serviceNames)[number]>,
  ) {}

  /**
   * @param options what the SMTP server keeps, variables of the services besides or instead ('' leaves one out), and a vhost
   * instead of a new one on the broker that all tests share.
   */
  static async start(
    options: { smtp?: SmtpServerOptions; env?: Environment; vhost?: TestVhost } = {},
  ): Promise<Platform> {
    const [database, vhost, smtp, traces] = await Promise.all([
      createDatabase({ template: 'all-schemas', migrate: migrateServices }),
      options.vhost ?? createVhost(),
      startSmtpServer(options.smtp),
      startOtlpReceiver(),
    ]);
    const [brokerLine, databaseLine] = await Promise.all([startTcpProxy(vhost.amqpUrl), startTcpProxy(database.url)]);
    const env = {
      DATABASE_URL: databaseLine.url,
      AMQP_URL: brokerLine.url,
      SMTP_URL: smtp.url,
      MAIL_FROM: 'MentorHub <no-reply@mentorhub.example>',
      ADMIN_EMAILS: adminEmail,
      PUBLIC_SITE_URL: 'https://mentorhub.example',
      API_KEYS: `tests:${createHash('sha256').update(platformKey).digest('hex')}`,
      PAYLOAD_KEYS: `test:${randomBytes(32).toString('base64')}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      PUBLIC_REQUESTS_PER_MINUTE: '0',
      ...options.env,
    };
    const running = await startServices({ names: serviceNames, env, readyWithinSeconds: 500 });
    return new Platform(database, vhost, smtp, traces, brokerLine, databaseLine, running);
  }

  /** @throws what `fetch` throws; any status is an answer. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.running.services['api-gateway'].httpUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${platformKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** The exit codes by service. */
  async stop(): Promise<Record<string, number | null>> {
    const codes = await this.running.stop();
    await Promise.all([this.brokerLine.close(), this.databaseLine.close()]);
    await Promise.all([this.smtp.close(), this.traces.close(), this.vhost.remove()]);
    await this.database.remove();
    return codes;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an endpoint answers is what the tests look at
  readonly body: any;
}

/** The token in the link of a mail. */
export function tokenIn(text: string): string {
  const token = /[?&]token=([A-Za-z0-9_-]{43})/.exec(text)?.[1];
  if (!token) throw new Error(`There is no link with a token in:\n${text}`);
  return token;
}
