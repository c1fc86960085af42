import type { BindingDefinition, QueueDefinition, Topology } from '../topology/topology.js';

/** 17 levels of 2^level seconds: up to 36 hours. Longer waits are rows in PostgreSQL. */
export const delayLevels = 17;
const delivery = 'delay.v1.delivery';
/** The exchange and the queue of what came off the ladder and found no way to its destination. */
export const strandedDelays = 'delay.v1.unroutable';

export function levelName(level: number): string {
  return `delay.v1.level-${String(level).padStart(2, '0')}`;
}

/**
 * The exchanges and queues that delay a message by whole seconds without a plugin, delivering it to one of these queues.
 *
 * A message enters at the level of its delay's highest bit. A set bit leads it into that level's queue, where its TTL passes, then to the
 * next level's exchange; an unset bit leads it there directly. After level 0 the key's last word names the queue.
 *
 * Each hop keeps what it cannot hand on: a level whose next exchange, queue or binding is gone keeps the message and tries again after
 * three minutes (RabbitMQ's own interval), so it comes late. What finds no destination ends in {@link strandedDelays}, whose consumer
 * brings it back. Only the first hop drops what it cannot route, unless the publish is `mandatory`.
 */
export function delayLadder(destinationQueues: string[]): Topology {
  const levels = Array.from({ length: delayLevels }, (_, level) => level);
  return {
    exchanges: [
      // Unroutable messages would otherwise stay in the last level for ever and hold up all others.
      { name: strandedDelays, type: 'topic' },
      { name: delivery, type: 'topic', alternateExchange: strandedDelays },
      ...levels.map((level) => ({ name: levelName(level), type: 'topic' as const })),
    ],
    queues: [{ name: strandedDelays, arguments: quorum }, ...levels.map(levelQueue)],
    bindings: [
      { exchange: strandedDelays, routingKey: '#', queue: strandedDelays },
      ...levels.flatMap(levelBindings),
      ...destinationQueues.map((queue) => ({ exchange: delivery, routingKey: `#.${queue}`, queue })),
    ],
  };
}

/** Without a limit of our own, 4.x would drop a waiting message after 20 redeliveries. */
const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000_000 };

function levelQueue(level: number): QueueDefinition {
  return {
    name: levelName(level),
    arguments: {
      ...quorum,
      'x-message-ttl': 2 ** level * 1000,
      'x-dead-letter-exchange': below(level),
      'x-dead-letter-strategy': 'at-least-once',
      // At-least-once silently becomes at-most-once without it.
      'x-overflow': 'reject-publish',
    },
  };
}

function levelBindings(level: number): BindingDefinition[] {
  const higherBits = '*.'.repeat(delayLevels - 1 - level);
  return [
    { exchange: levelName(level), routingKey: `${higherBits}1.#`, queue: levelName(level) },
    { exchange: levelName(level), routingKey: `${higherBits}0.#`, toExchange: below(level) },
  ];
}

function below(level: number): string {
  return level === 0 ? delivery : levelName(level - 1);
}
