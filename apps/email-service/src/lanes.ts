import { queuesConsumedBy } from '@mentorhub/contracts';

/** Where the mails are that somebody waits for. */
const urgent = 'email';

/** That one, and those for mails that come in thousands. */
export const lanes = queuesConsumedBy('email-service');

/**
 * How many mails of each lane are under way at once. Where they share the connections, bulk mail leaves one of them free:
 * what somebody waits for never stands behind it.
 */
export function queuesOf(consumed: readonly string[], connections: number): Record<string, { concurrency: number }> {
  const bulk = consumed.includes(urgent) ? Math.max(1, connections - 1) : connections;
  return Object.fromEntries(consumed.map((lane) => [lane, { concurrency: lane === urgent ? connections : bulk }]));
}
