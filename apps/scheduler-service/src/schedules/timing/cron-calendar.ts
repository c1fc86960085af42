import { Cron } from 'croner';
import { justBefore, type Calendar } from './calendar.js';
import { withFixedTimes } from './cron-expression.js';

/**
 * A cron expression in an IANA time zone: five fields, or six with seconds first.
 *
 * Daylight saving. Hours are fixed when the hour field has no `*`, `?` or step. A fixed time that the clocks skip comes
 * at the first instant after the gap, once however many were skipped; one that comes twice fires at the first of them.
 * Other rules follow the hours that really pass: they have no slot in the gap and slots in both repeated hours.
 */
export class CronCalendar implements Calendar {
  private readonly cron: Cron;

  /** @throws {Error} the expression cannot be read, or there is no such time zone. */
  constructor(expression: string, timezone: string) {
    this.cron = parsed(expression, timezone);
  }

  next(from: Date): Date | null {
    // The library looks strictly after the instant that it is given.
    return this.cron.nextRun(justBefore(from));
  }

  latest(from: Date, until: Date, count: number): Date[] {
    const slots: Date[] = [];
    // One by one, since most of the last hundred may lie before the first that counts.
    let [slot] = this.cron.previousRuns(1, until);
    for (; slot && slot >= from && slots.length < count; [slot] = this.cron.previousRuns(1, slot)) slots.unshift(slot);
    return slots;
  }
}

/** Reading a rule costs more than asking it, and many schedules have the same one. */
const known = new Map<string, Cron>();
const mostKnown = 1_000;

function parsed(expression: string, timezone: string): Cron {
  const key = `${timezone} ${expression}`;
  const cron = known.get(key) ?? parse(expression, timezone);
  if (known.size >= mostKnown) known.clear();
  known.set(key, cron);
  return cron;
}

function parse(expression: string, timezone: string): Cron {
  new Intl.DateTimeFormat('en', { timeZone: timezone });
  return new Cron(withFixedTimes(expression), { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
}
