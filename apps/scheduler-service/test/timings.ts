import type { Slotted } from '../src/schedules/timing/due-slots.js';
import type { Timing } from '../src/schedules/timing/timing.js';

export const at = (text: string): Date => new Date(text);

/** Daily at 03:00 UTC, unless said otherwise. */
export function timing(more: Partial<Timing> = {}): Timing {
  const cron = more.every || more.at ? null : '0 3 * * *';
  const anchor = at('2026-01-01T00:00:00Z');
  return { cron, every: null, at: null, timezone: 'UTC', startsAt: null, endsAt: null, anchor, ...more };
}

export function slotted(more: Partial<Slotted> = {}): Slotted {
  const id = '7d9b1b1e-4a0f-4f4e-8f0a-2a6f3f0c9d11';
  return { ...timing(more), id, jitter: 0, misfire: 'fire-once', misfireCap: 100, ...more };
}
