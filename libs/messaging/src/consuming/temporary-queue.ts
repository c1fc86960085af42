import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import type { TemporaryConsumerOptions } from './consumer.js';

/** Its bindings may be refused, and then nobody ever consumes it. */
const unusedMs = 60_000;

/**
 * Declares a queue that only this connection may use and that vanishes with it. Its name is new each time: after a lost
 * connection the broker may hold the old one, exclusively, until it has noticed the loss.
 */
export async function declareTemporaryQueue(
  channel: Channel,
  { name }: Pick<TemporaryConsumerOptions, 'name'>,
): Promise<string> {
  const { queue } = await channel.assertQueue(`${name}.${randomUUID()}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
    expires: unusedMs,
  });
  return queue;
}
