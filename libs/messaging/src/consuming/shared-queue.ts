import type { Channel } from 'amqplib';
import type { SharedConsumerOptions } from './consumer.js';

/**
 * Declares a queue that every consumer of its name shares and that vanishes with the last of them: while there
 * is none, a mandatory message to it is returned at once. It is no quorum queue, since those cannot vanish by themselves.
 */
export async function declareSharedQueue(
  channel: Channel,
  { queue, waitSeconds, mostWaiting }: SharedConsumerOptions,
): Promise<string> {
  await channel.assertQueue(queue, {
    durable: true,
    autoDelete: true,
    arguments: {
      'x-queue-type': 'classic',
      'x-message-ttl': waitSeconds * 1000,
      'x-max-length': mostWaiting,
      'x-overflow': 'reject-publish',
    },
  });
  return queue;
}
