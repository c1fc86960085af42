import { Redis } from 'ioredis';

/** Redis has no database to make for a cell: what the cell before it left is removed. */
export async function emptyRedis({ redisUrl }) {
  if (!redisUrl) return;
  const redis = new Redis(redisUrl);
  await redis.flushall();
  await redis.quit();
}
