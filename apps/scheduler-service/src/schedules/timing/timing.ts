import { lastInstant } from '@mentorhub/contracts';
import { BoundedCalendar, type Calendar } from './calendar.js';
import { CronCalendar } from './cron-calendar.js';
import { IntervalCalendar } from './interval-calendar.js';
import { OnceCalendar } from './once-calendar.js';

/** When a schedule is to fire: exactly one of `cron`, `every` and `at` is there. */
export interface Timing {
  readonly cron: string | null;
  /** Seconds. */
  readonly every: number | null;
  readonly at: Date | null;
  /** An IANA time zone, for `cron`. */
  readonly timezone: string;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  /** The first slot of `every` when there is no `startsAt`. */
  readonly anchor: Date;
}

/** A timing that cannot be read; the message says what is wrong with it. */
export class TimingError extends Error {
  override readonly name = 'TimingError';
}

/** Jitter puts a slot off by an hour at most, and its firing has to be an instant that can be written. */
export const lastSlot = new Date(lastInstant.getTime() - 3_600_000);

/** @throws {TimingError} */
export function calendarOf(timing: Timing): Calendar {
  const { startsAt, endsAt } = timing;
  try {
    return new BoundedCalendar(unbounded(timing), startsAt, endsAt && endsAt < lastSlot ? endsAt : lastSlot);
  } catch (error) {
    const { cron, timezone } = timing;
    const reason = (error as Error).message;
    throw new TimingError(`The rule "${cron}" in time zone "${timezone}" cannot be read: ${reason}`, { cause: error });
  }
}

function unbounded({ cron, every, at, timezone, startsAt, anchor }: Timing): Calendar {
  if (cron !== null) return new CronCalendar(cron, timezone);
  if (every !== null) return new IntervalCalendar(every, startsAt ?? anchor);
  if (at !== null) return new OnceCalendar(at);
  throw new Error('it has neither cron nor every nor at');
}
