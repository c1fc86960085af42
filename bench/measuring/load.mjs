import { setTimeout as delay } from 'node:timers/promises';
import { now } from './clock.mjs';
import { cpuMeter } from './cpu.mjs';
import { serverMeter } from './servers.mjs';

/**
 * Calls `work` over and over, `width` calls at once, and counts what ends within `seconds` after a warm-up of `warmUpSeconds`.
 *
 * @param work does `unitsPerCall` units
 * @param servers whose costs are measured as well; default: none
 * @returns units per second, and what this process and the servers spend per unit
 */
export async function saturate({ width, seconds, warmUpSeconds, servers, unitsPerCall = 1, work }) {
  let ended = 0;
  let stop = false;
  const caller = async () => {
    while (!stop) {
      await work();
      ended += unitsPerCall;
    }
  };
  const callers = Array.from({ length: width }, caller);
  await secondsOf(callers, warmUpSeconds);
  const serversOf = servers ? await serverMeter(servers) : () => ({});
  const [from, before, cpuOf] = [now(), ended, cpuMeter()];
  await secondsOf(callers, seconds);
  const units = ended - before;
  const value = (units * 1000) / (now() - from);
  const cpuMicroseconds = cpuOf(units);
  const result = { value, details: { cpuMicroseconds, ...(await serversOf(units)) } };
  stop = true;
  await Promise.all(callers);
  return result;
}

/** Lets the callers go on; they end by themselves only by throwing, and then so does this. */
async function secondsOf(callers, seconds) {
  const over = new AbortController();
  try {
    await Promise.race([delay(seconds * 1000, undefined, { signal: over.signal }), ...callers]);
  } finally {
    over.abort();
  }
}

/** Calls `work(n)` for n from 0 to `count` - 1, `width` calls at once. */
export async function inParallel(count, width, work) {
  let next = 0;
  const caller = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, caller));
}

/**
 * Open loop: call number k is made at `k / perSecond`, whether or not the calls before it have ended, so that a system that
 * stalls is not spared the load that arrives meanwhile.
 */
export async function openLoop({ perSecond, seconds, work }) {
  const total = Math.round(perSecond * seconds);
  const calls = [];
  const start = now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.ceil(((now() - start) / 1000) * perSecond));
    while (sent < due) calls.push(work(sent++));
    await delay(1);
  }
  const offeredPerSecond = (total * 1000) / (now() - start);
  await Promise.all(calls);
  return { sent: total, offeredPerSecond };
}
