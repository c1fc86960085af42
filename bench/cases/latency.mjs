import { now } from '../measuring/clock.mjs';
import { percentile } from '../measuring/statistics.mjs';
import { receivedWithin } from './received-within.mjs';
import { produce } from './produce.mjs';

const drainSeconds = 10;
const leastOffered = 0.95;

/**
 * Milliseconds from the enqueue call in one process to the start of the handler in another, at a fixed rate or at a share of what the
 * system can do.
 */
export async function latency(system, servers, settings) {
  const { seconds, warmUpSeconds, share, capacity, perSecond = capacity * share } = settings;
  const received = [];
  const onStart = ({ sentAt }) => received.push({ sentAt, took: now() - sentAt });
  const worker = await system.worker(servers, { kind: 'light', onStart });
  const from = now();
  const command = { do: 'offer', perSecond, seconds: warmUpSeconds + seconds };
  const { sent, offeredPerSecond } = await produce({ system, servers, command });
  const missing = sent - (await receivedWithin(drainSeconds, () => received.length, sent));
  await worker.close();
  if (settings.perSecond && (missing > 0 || offeredPerSecond < leastOffered * perSecond))
    throw new Error(
      `It did not take ${perSecond} tasks a second here: ${Math.round(offeredPerSecond)}, ${missing} never came`,
    );
  const firstSent = received.reduce((first, { sentAt }) => Math.min(first, sentAt), from + 60_000);
  const counted = received.filter(({ sentAt }) => sentAt >= firstSent + warmUpSeconds * 1000).map(({ took }) => took);
  return {
    value: percentile(counted, 0.99),
    details: { p50: percentile(counted, 0.5), wantedPerSecond: perSecond, offeredPerSecond, missing },
  };
}
