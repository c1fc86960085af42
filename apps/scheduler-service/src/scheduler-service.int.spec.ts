import { CleanupExpiredTokens } from '@mentorhub/contracts';
import { startService, type RunningService } from '@mentorhub/service';
import {
  createDatabase,
  createVhost,
  eventually,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
  type TestVhost,
} from '@mentorhub/testing';
import { migrateDatabase } from './database/migrate-database.js';
import { schedulerService } from './scheduler-service.js';

let database: TestDatabase;
let vhost: TestVhost;
let broker: TcpProxy;
let service: RunningService | undefined;

beforeAll(async () => {
  vhost = await createVhost();
  broker = await startTcpProxy(vhost.amqpUrl);
  database = await createDatabase({ template: 'scheduler', migrate: async (url) => void (await migrateDatabase(url)) });
});
afterAll(async () => {
  await service?.stop();
  await broker.close();
  await database.remove();
  await vhost.remove();
});

describe('the scheduler service', () => {
  it('A5: is ready and fires while the broker is away, and its task is in the queue when the broker is back', async () => {
    await broker.refuse();
    // The hourly one may be due as well.
    await database.query(`DELETE FROM scheduler.schedule WHERE task <> '${CleanupExpiredTokens.name}'`);
    const env = {
      DATABASE_URL: database.url,
      AMQP_URL: broker.url,
      PAYLOAD_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
      HOST: '127.0.0.1',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
    };
    service = await startService(schedulerService(env));
    expect(await service.health.report()).toMatchObject({ status: 'ok', checks: { database: 'ok' } });
    await database.query(
      `UPDATE scheduler.schedule SET next_slot = clock_timestamp(), due_at = clock_timestamp() WHERE task = '${CleanupExpiredTokens.name}'`,
    );
    const [task] = await eventually(
      async () => {
        const rows = await database.query<{ id: string; published_at: Date | null }>(
          'SELECT id, published_at FROM tasks.task',
        );
        return rows.length > 0 ? rows : undefined;
      },
      { what: 'the task' },
    );
    expect(task?.published_at).toBeNull();
    await broker.resume();
    await vhost.management.waitForQueue('default-bulk', ({ messages }) => messages === 1);
    const [message] = await vhost.management.getMessages('default-bulk');
    expect(message?.properties).toMatchObject({ message_id: task?.id, type: CleanupExpiredTokens.name });
  });
});
