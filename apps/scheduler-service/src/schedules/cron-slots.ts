import { Cron } from 'croner';

/** When something is to happen: a cron expression of five fields in an IANA time zone. */
export interface CronRule {
  readonly cron: string;
  readonly timezone: string;
}

/** What is to be done about a schedule whose slot has come. */
export interface DueSlot {
  /** The slot to fire. */
  readonly slot: Date;
  /** Slots before it that are not fired any more; counted up to 1,000. */
  readonly missed: number;
  /** The first slot after now; null when there is none any more. */
  readonly next: Date | null;
}

/** A rule that cannot be read; the message says what is wrong with it. */
export class CronRuleError extends Error {
  override readonly name = 'CronRuleError';
}

const mostCounted = 1_000;

/**
 * The first slot after an instant; null when the rule has none any more (30 February).
 *
 * Daylight saving: a rule of one time a day whose time is skipped fires at the first instant after the gap; one whose
 * time comes twice fires at the first of them. Rules with several times a day skip what is skipped and fire twice what
 * comes twice.
 *
 * @throws {CronRuleError}
 */
export function nextSlot(rule: CronRule, after: Date): Date | null {
  return readable(rule, (cron) => cron.nextRun(after));
}

/**
 * Decides what fires: the latest slot that has come, once, however many were missed before it. `storedSlot` is the slot
 * that the schedule was waiting for, which counts even where the rule would not have chosen it.
 *
 * @throws {CronRuleError}
 */
export function dueSlot(rule: CronRule, storedSlot: Date, now: Date): DueSlot {
  return readable(rule, (cron) => {
    // croner looks strictly before the instant that it is given, and a slot of this very instant has come.
    const [latest] = cron.previousRuns(1, new Date(now.getTime() + 1));
    const slot = latest && latest > storedSlot ? latest : storedSlot;
    return { slot, missed: countSlots(cron, storedSlot, slot), next: cron.nextRun(now) };
  });
}

/** Slots from one that is known to a later one, the last not counted. */
function countSlots(cron: Cron, first: Date, end: Date): number {
  let count = 0;
  for (let at: Date | null = first; at && at < end && count < mostCounted; at = cron.nextRun(at)) count++;
  return count;
}

function readable<T>(rule: CronRule, read: (cron: Cron) => T): T {
  try {
    return read(new Cron(rule.cron, { timezone: rule.timezone, mode: '5-part' }));
  } catch (error) {
    throw new CronRuleError(
      `The rule "${rule.cron}" in time zone "${rule.timezone}" cannot be read: ${(error as Error).message}`,
    );
  }
}
