import { now } from '../measuring/clock.mjs';
import { percentile } from '../measuring/statistics.mjs';
import { receivedWithin } from './received-within.mjs';
import { produce } from './produce.mjs';

const drainSeconds = 10;

/** Milliseconds from the enqueue call in one process to the start of the handler in another. */
export async function latency(system, servers, { seconds, warmUpSeconds, share, capacity }) {
  const received = [];
  const onStart = ({ sentAt }) => received.push({ sentAt, took: now() - sentAt });
  const worker = await system.worker(servers, { kind: 'light', onStart });
  const perSecond = capacity * share;
  const from = now();
  const command = { do: 'offer', perSecond, seconds: warmUpSeconds + seconds };
  const { sent, offeredPerSecond } = await produce({ system, servers, command });
  const missing = sent - (await receivedWithin(drainSeconds, () => received.length, sent));
  await worker.close();
  const firstSent = received.reduce((first, { sentAt }) => Math.min(first, sentAt), from + 60_000);
  const counted = received.filter(({ sentAt }) => sentAt >= firstSent + warmUpSeconds * 1000).map(({ took }) => took);
  return {
    value: percentile(counted, 0.99),
    details: { p50: percentile(counted, 0.5), wantedPerSecond: perSecond, offeredPerSecond, missing },
  };
}
