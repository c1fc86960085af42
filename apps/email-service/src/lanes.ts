/** Mails that somebody waits for, and those that come in thousands. */
export const lanes = ['email', 'email-bulk'] as const;
type Lane = (typeof lanes)[number];

/**
 * How many mails of each lane are under way at once. Where both share the connections, bulk mail leaves one of them free:
 * what somebody waits for never stands behind it.
 */
export function queuesOf(consumed: readonly string[], connections: number): Record<string, { concurrency: number }> {
  const bulk = consumed.includes('email') ? Math.max(1, connections - 1) : connections;
  const concurrency: Record<Lane, number> = { email: connections, 'email-bulk': bulk };
  const own = lanes.filter((lane) => consumed.includes(lane));
  return Object.fromEntries(own.map((lane) => [lane, { concurrency: concurrency[lane] }]));
}
