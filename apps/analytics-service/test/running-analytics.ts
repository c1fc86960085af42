import { randomUUID } from 'node:crypto';
import { exchanges, GenerateDailyStats, ReadDailyStats, streams, type DailyStats } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { startService, type RunningService } from '@mentorhub/service';
import { taskHeaders, type TaskEvent } from '@mentorhub/task-store';
import { Calls } from '@mentorhub/task-calls';
import { Tasks, type EnqueuedTask } from '@mentorhub/tasks';
import type { AnyEventContract, PayloadInput } from '@mentorhub/task-contracts';
import { createDatabase, createVhost, eventually, type TestDatabase, type TestVhost } from '@mentorhub/testing';
import { analyticsService } from '../src/analytics-service.js';
import type { AnalyticsConfig } from '../src/config.js';
import { migrateDatabase } from '../src/database/migrate-database.js';

/** The service in this process, with all its queues, on a vhost and a database of its own. */
export class RunningAnalytics {
  private constructor(
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
    readonly service: RunningService<AnalyticsConfig>,
    private readonly calls: Calls,
  ) {}

  static async start(more: Record<string, string> = {}): Promise<RunningAnalytics> {
    const vhost = await createVhost();
    const database = await createDatabase({
      template: 'analytics',
      migrate: async (url) => void (await migrateDatabase(url)),
    });
    const env = {
      DATABASE_URL: database.url,
      AMQP_URL: vhost.amqpUrl,
      PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
      HOST: '127.0.0.1',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
      ...more,
    };
    const service = await startService(analyticsService(env));
    await eventually(async () => (await service.health.report()).status === 'ok', { what: 'readiness' });
    const calls = new Calls({ broker: service.app.get(Broker), exchanges, worker: 'test' });
    calls.start();
    return new RunningAnalytics(database, vhost, service, calls);
  }

  async stop(): Promise<void> {
    await this.calls.stop();
    await this.service.stop();
    await this.database.remove();
    await this.vhost.remove();
  }

  /** Publishes a domain event; the same id again is a repetition. */
  tell<E extends AnyEventContract>(
    event: E,
    payload: PayloadInput<E>,
    eventId: string = randomUUID(),
  ): Promise<unknown> {
    const headers = { [taskHeaders.version]: event.version };
    const properties = { message_id: eventId, type: event.name, content_type: 'application/json', headers };
    return this.vhost.management.publish(exchanges.events, event.name, payload, properties);
  }

  tellTasks(events: readonly TaskEvent[]): Promise<unknown> {
    return this.vhost.management.publish(exchanges.taskEvents, 'task-events.batch', events);
  }

  async untilDrained(): Promise<void> {
    for (const queue of [streams.analyticsEvents, streams.taskEvents])
      await this.vhost.management.waitForQueue(queue, ({ messages }) => messages === 0);
  }

  async read(from: string, to: string): Promise<readonly DailyStats[]> {
    return (await this.calls.ask(ReadDailyStats, { from, to })).days;
  }

  async readOne(day: string): Promise<DailyStats> {
    const [stats] = await this.read(day, day);
    return stats!;
  }

  generate(date?: string): Promise<EnqueuedTask<typeof GenerateDailyStats>> {
    return this.service.app.get(Tasks).enqueue(GenerateDailyStats, { date });
  }

  async generated(date?: string): Promise<DailyStats> {
    return (await this.generate(date)).result({ timeoutSeconds: 200 });
  }

  /** By PostgreSQL's clock, in UTC. */
  async day(daysAgo: number): Promise<string> {
    const sql = `SELECT ((clock_timestamp() AT TIME ZONE 'UTC')::date - $1::integer)::text AS day`;
    return (await this.database.query<{ day: string }>(sql, [daysAgo]))[0]!.day;
  }

  async forgetAll(): Promise<void> {
    await this.database.query(
      'TRUNCATE analytics.daily_count, analytics.final_day, analytics.counted_mail, tasks.task, tasks.dead_letter',
    );
  }
}

/** What a worker tells of the end of a task. */
export function taskEvent(name: string, kind: TaskEvent['kind'], at: string): TaskEvent {
  const taskId = randomUUID();
  return { taskId, run: 1, attempt: 1, kind, at, name, version: 1, queue: 'email', worker: 'w1' };
}
