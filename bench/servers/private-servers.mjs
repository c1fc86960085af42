import { join } from 'node:path';
import { startDisposableInfrastructure } from '../../tools/local/private-infrastructure.mjs';
import { packagesDirectory } from '../../tools/local/server-home.mjs';
import { describeFailure } from '../../tools/local/setup-error.mjs';
import { findCelery } from './celery.mjs';
import { startRedis } from './redis.mjs';

/**
 * The run's own RabbitMQ, PostgreSQL and Redis, and where Celery is. What cannot be had is in `missing`, with the reason, and
 * only the systems that need it go without.
 */
export async function startPrivateServers({ wanted, say, signal }) {
  const infrastructure = await startDisposableInfrastructure({ say });
  const { rabbitmq, postgres, directory, discard } = infrastructure;
  const common = { packages: packagesDirectory(), say, signal };
  const missing = {};
  const attempt = async (what, start) => {
    if (!wanted.has(what)) return {};
    try {
      return await start();
    } catch (error) {
      signal?.throwIfAborted();
      missing[what] = describeFailure(error);
      return {};
    }
  };
  const redis = await attempt('redis', () =>
    startRedis({ ...common, directory: join(directory, 'redis'), owner: directory }),
  );
  const celery = await attempt('celery', () => findCelery(common));
  const urls = {
    amqpUrl: rabbitmq.amqpUrl,
    managementUrl: rabbitmq.managementUrlWithCredentials,
    databaseUrl: postgres.url,
    redisUrl: redis.redisUrl,
    processes: { postgres: postgres.pid, rabbitmq: rabbitmq.pid, ...(redis.pid && { redis: redis.pid }) },
    celery: celery.environment && celery,
  };
  return { urls, missing, directory, discard };
}
