import { delayLevels, levelName } from './delay-ladder.js';

/** The longest delay of the ladder in seconds (36 hours, 24 minutes, 31 seconds). */
export const longestDelaySeconds = 2 ** delayLevels - 1;

/**
 * Where to publish so that the message reaches `queue` after `delaySeconds`, rounded up to whole seconds (never early; late by the time
 * of the hops, typically 0.1–0.4 s). From 1 s to `longestDelaySeconds`; throws RangeError outside. Publish it `mandatory`: without its
 * queue or its binding the first level would drop it.
 *
 * @example
 * await publisher.publish({ ...delayedRoute('email', 60), body, mandatory: true });
 */
export function delayedRoute(queue: string, delaySeconds: number): { exchange: string; routingKey: string } {
  const seconds = Math.ceil(delaySeconds);
  if (!(seconds >= 1 && seconds <= longestDelaySeconds)) {
    throw new RangeError(
      `A delay must be from 1 to ${longestDelaySeconds} seconds, not ${delaySeconds}: longer ones wait in PostgreSQL.`,
    );
  }
  const bits = seconds.toString(2).padStart(delayLevels, '0');
  const highestLevel = delayLevels - 1 - bits.indexOf('1');
  return { exchange: levelName(highestLevel), routingKey: `${[...bits].join('.')}.${queue}` };
}

const routedKey = new RegExp(`^(?:[01]\\.){${delayLevels}}([^.]+)$`);

/** The queue that a message with this key was on its way to; undefined when the key is none of {@link delayedRoute}'s. */
export function destinationOf(routingKey: string): string | undefined {
  return routedKey.exec(routingKey)?.[1];
}
