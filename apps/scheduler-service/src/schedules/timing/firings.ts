import { justAfter, type Calendar } from './calendar.js';
import { firingOf } from './jitter.js';

/**
 * The first `count` firings at or after an instant, and not after `until`. Slots fire in their order, so one that jitter puts
 * off puts off those behind it, and one before the instant may fire after it.
 *
 * @param nextSlot the slot that the schedule waits for, none before it fires any more; null when it waits for none.
 */
export function firingsFrom(
  calendar: Calendar,
  { id, jitter, nextSlot }: { readonly id: string; readonly jitter: number; readonly nextSlot: Date | null },
  from: Date,
  until: Date,
  count: number,
): Date[] {
  const firings: Date[] = [];
  const pending = nextSlot && nextSlot < from ? nextSlot : from;
  let last = new Date(Math.max(pending.getTime(), from.getTime() - jitter * 1000));
  for (
    let slot = calendar.next(last);
    slot && slot <= until && firings.length < count;
    slot = calendar.next(justAfter(slot))
  ) {
    const own = firingOf(id, slot, jitter);
    if (own > last) last = own;
    if (last >= from) firings.push(last);
  }
  return firings;
}
