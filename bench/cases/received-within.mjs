import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../measuring/clock.mjs';

/** Waits until `count()` reaches `wanted`, at most `seconds`; answers how many there are. */
export async function receivedWithin(seconds, count, wanted) {
  const deadline = now() + seconds * 1000;
  while (count() < wanted && now() < deadline) await delay(10);
  return count();
}
