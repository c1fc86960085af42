import { startService, type RunningService } from '@mentorhub/service';
import { Tasks } from '@mentorhub/tasks';
import {
  createDatabase,
  createVhost,
  eventually,
  startSmtpServer,
  type TestDatabase,
  type TestSmtpServer,
  type TestVhost,
} from '@mentorhub/testing';
import type { EmailConfig } from '../src/config.js';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { emailService } from '../src/email-service.js';

/** How a task ended, as its worker recorded it. */
export interface RecordedEnd {
  readonly state: string;
  readonly attempt: number;
  readonly result: unknown;
  readonly error: { readonly name: string; readonly message: string } | null;
}

/** email-service in this process, on a vhost, a database and an SMTP server of its own. */
export class RunningEmailService {
  private constructor(
    readonly service: RunningService<EmailConfig>,
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
    readonly smtp: TestSmtpServer,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<RunningEmailService> {
    const [database, vhost, smtp] = await Promise.all([
      createDatabase({ template: 'email-service', migrate: async (url) => void (await migrateDatabase(url)) }),
      createVhost(),
      startSmtpServer(),
    ]);
    const service = await startService(
      emailService({
        DATABASE_URL: database.url,
        AMQP_URL: vhost.amqpUrl,
        PAYLOAD_KEYS: `a:${Buffer.alloc(32, 7).toString('base64')}`,
        SMTP_URL: smtp.url,
        MAIL_FROM: 'MentorHub <no-reply@mentorhub.example>',
        PUBLIC_SITE_URL: 'https://mentorhub.example',
        HOST: '127.0.0.1',
        METRICS_PORT: '0',
        LOG_LEVEL: 'silent',
        ...env,
      }),
    );
    await eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });
    return new RunningEmailService(service, database, vhost, smtp);
  }

  get tasks(): Tasks {
    return this.service.app.get(Tasks);
  }

  /** Once the task has succeeded or failed. */
  async end(taskId: string): Promise<RecordedEnd> {
    const sql = `SELECT state, attempt, outcome -> 'event' -> 'result' AS result, outcome -> 'event' -> 'error' AS error
      FROM tasks.inbox WHERE task_id = $1 AND state IN ('succeeded', 'failed')`;
    const [end] = await eventually(
      async () => {
        const rows = await this.database.query<RecordedEnd & Record<string, unknown>>(sql, [taskId]);
        return rows.length > 0 ? rows : undefined;
      },
      { what: `task ${taskId} to end` },
    );
    return end!;
  }

  suppressions(): Promise<Record<string, unknown>[]> {
    return this.database.query(
      'SELECT address, scope, reason, diagnostics, task_id FROM email.suppression ORDER BY address, scope',
    );
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await Promise.all([this.smtp.close(), this.vhost.remove(), this.database.remove()]);
  }
}
