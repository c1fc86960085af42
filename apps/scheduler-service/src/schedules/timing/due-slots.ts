import { justAfter, justBefore, slotsBetween, type Calendar } from './calendar.js';
import { firingOf } from './jitter.js';
import { calendarOf, type Timing } from './timing.js';

/** What becomes of slots that are seen too late, after downtime. */
export type MisfirePolicy = 'skip' | 'fire-once' | 'fire-all';

/** A schedule as far as its slots go. */
export interface Slotted extends Timing {
  readonly id: string;
  /** Seconds. */
  readonly jitter: number;
  readonly misfire: MisfirePolicy;
  /** How many missed slots `fire-all` makes up for at most. */
  readonly misfireCap: number;
}

/** What is to be done about a schedule whose slot has come. */
export interface DueSlots {
  /** The slots to fire, in order. */
  readonly fire: Date[];
  /** Of them, the ones that are late: made up for by the misfire policy. */
  readonly late: number;
  /** Slots that are not fired any more; counted up to 100. */
  readonly missed: number;
  /** The slot to wait for; null when there is none any more. */
  readonly next: Date | null;
}

/** A slot that fires within this many seconds of its latest time is no misfire. */
export const graceSeconds = 60;

const mostInTime = 1_000;
const mostCounted = 100;

/**
 * Decides what fires. `storedSlot` is the slot that the schedule was waiting for, which counts even where its rule would
 * not have chosen it.
 *
 * @throws {TimingError}
 */
export function dueSlots(schedule: Slotted, storedSlot: Date, now: Date): DueSlots {
  const calendar = calendarOf(schedule);
  // Slots before this one are misfires. Jitter counts in full, so that of two slots the earlier is never the only one in time.
  const inTimeFrom = new Date(now.getTime() - (graceSeconds + schedule.jitter) * 1000);
  const misfires = storedSlot < inTimeFrom ? misfiresOf(schedule, calendar, storedSlot, inTimeFrom) : noMisfires;
  const first = storedSlot < inTimeFrom ? calendar.next(inTimeFrom) : storedSlot;
  const { due, next } = inTime(schedule, calendar, first, now);
  const { fire, missed } = misfires;
  return { fire: [...fire, ...due], late: fire.length, missed, next };
}

const noMisfires = { fire: [], missed: 0 };

function misfiresOf(
  schedule: Slotted,
  calendar: Calendar,
  storedSlot: Date,
  until: Date,
): { fire: Date[]; missed: number } {
  const after = justAfter(storedSlot);
  const madeUpFor = { skip: 0, 'fire-once': 1, 'fire-all': schedule.misfireCap }[schedule.misfire];
  const fire = madeUpFor > 0 ? [storedSlot, ...calendar.latest(after, until, madeUpFor)].slice(-madeUpFor) : [];
  const all = 1 + slotsBetween(calendar, after, justBefore(until), mostCounted + madeUpFor).length;
  return { fire, missed: Math.min(mostCounted, all - fire.length) };
}

/** From `first` on, the slots whose time has come, and the first whose time has not. */
function inTime(
  { id, jitter }: Slotted,
  calendar: Calendar,
  first: Date | null,
  now: Date,
): { due: Date[]; next: Date | null } {
  const due: Date[] = [];
  let slot = first;
  while (slot && due.length < mostInTime && firingOf(id, slot, jitter) <= now) {
    due.push(slot);
    slot = calendar.next(justAfter(slot));
  }
  return { due, next: slot };
}
