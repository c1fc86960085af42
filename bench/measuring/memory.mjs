import { setTimeout as delay } from 'node:timers/promises';

const mostLooks = 20;
const steady = 1.005;

/** Resident memory of this process once it grows no more: some workers take what waits little by little. */
export async function restingMiB(settleSeconds) {
  let before = 0;
  let now = await residentMiB(settleSeconds);
  for (let looks = 1; now > before * steady && looks < mostLooks; looks += 1) {
    before = now;
    now = await residentMiB(settleSeconds);
  }
  return now;
}

/** Garbage that nobody has collected yet is no need of the system's: cells run with --expose-gc. */
async function residentMiB(afterSeconds) {
  await delay(afterSeconds * 1000);
  globalThis.gc?.();
  await delay(200);
  return residentNow();
}

/** With whatever garbage there is. */
export const residentNow = () => process.memoryUsage.rss() / 2 ** 20;
