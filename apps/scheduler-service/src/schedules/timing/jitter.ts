import { createHash } from 'node:crypto';

/**
 * By how many milliseconds a slot is put off: from 0 to `jitterSeconds`, spread over schedules and slots, and the same
 * for every replica that asks.
 */
export function jitterMs(scheduleId: string, slot: Date, jitterSeconds: number): number {
  if (jitterSeconds === 0) return 0;
  const hash = createHash('sha1').update(`${scheduleId}/${slot.getTime()}`).digest();
  return Math.floor((hash.readUInt32BE(0) / 0x1_0000_0000) * jitterSeconds * 1000);
}

/** When a slot's task is enqueued. */
export const firingOf = (scheduleId: string, slot: Date, jitterSeconds: number): Date =>
  new Date(slot.getTime() + jitterMs(scheduleId, slot, jitterSeconds));
