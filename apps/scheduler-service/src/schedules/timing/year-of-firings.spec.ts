import { isFullRun } from '@mentorhub/testing';
import { CronExpressionParser, type CronExpression } from 'cron-parser';
import { at, timing } from '../../../test/timings.js';
import { slotsBetween } from './calendar.js';
import { calendarOf } from './timing.js';

const zones = ['Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Sydney'];
const rules = [
  '0 3 * * *',
  '30 2 * * *',
  '0 0 * * *',
  '30 1 * * *',
  '15,45 2 * * *',
  '*/20 2 * * *',
  '30 1,2,3 * * *',
  '0 1-4 * * *',
  '*/30 * * * *',
  '30 * * * *',
  '0 */2 * * *',
  '0 0-23/6 * * SUN',
  '*/7 5-7 * * *',
  '0 9 * * MON-FRI',
  '0 0 L * *',
  '0 12 * * FRIL',
  '0 6 13 * FRI',
  '0 0 1 JAN,APR,JUL,OCT *',
  '59 23 31 DEC *',
  '5 4 29 2 *',
];
/** Thousands of slots each, which takes seconds: a year in all zones in the full run, otherwise the months of one clock change. */
const frequent: Record<string, string> = {
  '*/30 * * * *': 'Australia/Sydney',
  '30 * * * *': 'Europe/Berlin',
  '*/7 5-7 * * *': 'America/New_York',
  '0 */2 * * *': 'Australia/Sydney',
};
const from = at('2026-01-01T00:00:00Z');
const [endOfApril, endOfYear] = [at('2026-04-30T23:59:59Z'), at('2026-12-31T23:59:59Z')];

const ours = (cron: string, timezone: string, until: Date): string[] =>
  slotsBetween(calendarOf(timing({ cron, timezone })), from, until, 100_000).map((slot) => slot.toISOString());

function theirs(cron: string, tz: string, until: Date): string[] {
  const expression = CronExpressionParser.parse(cron, { currentDate: new Date(from.getTime() - 1), tz });
  const slots: string[] = [];
  for (let slot = nextOf(expression); slot && slot <= until; slot = nextOf(expression)) slots.push(slot.toISOString());
  return slots;
}

/** It throws where there is no slot within some years. */
function nextOf(expression: CronExpression): Date | undefined {
  try {
    return expression.next().toDate();
  } catch {
    return undefined;
  }
}

interface Difference {
  readonly ours?: string[];
  readonly theirs?: string[];
}

/** Slots that only one of the two has, as `2026-03-29T01:00`. */
function differenceOf(cron: string, timezone: string, until: Date): Difference {
  const [mine, other] = [ours(cron, timezone, until), theirs(cron, timezone, until)];
  const without = (slots: string[], those: Set<string>) =>
    slots.filter((slot) => !those.has(slot)).map((slot) => slot.slice(0, 16));
  return { ours: without(mine, new Set(other)), theirs: without(other, new Set(mine)) };
}

/** When the clocks have gone from 02:00 to 03:00. */
const afterGap: Record<string, string> = {
  'Europe/Berlin': '2026-03-29T01:00',
  'America/New_York': '2026-03-08T07:00',
  'Australia/Sydney': '2026-10-03T16:00',
};
const later = (instant: string, minutes: number) =>
  new Date(Date.parse(`${instant}Z`) + minutes * 60_000).toISOString().slice(0, 16);

/** Where the two differ, and why ours is right by our own rule. */
function explained(rule: string, zone: string): Difference {
  const gap = afterGap[zone];
  // The one clock change in Chile that skips a time of these rules goes from 00:00 to 01:00.
  const midnightGap = zone === 'America/Santiago' ? '2026-09-06T04:00' : undefined;
  // A skipped time: theirs keeps its minutes and moves it by the hour, ours comes right after the gap, once.
  if (gap && rule === '30 2 * * *') return { ours: [gap], theirs: [later(gap, 30)] };
  if (gap && rule === '15,45 2 * * *') return { ours: [gap], theirs: [later(gap, 15), later(gap, 45)] };
  if (gap && rule === '*/20 2 * * *') return { theirs: [later(gap, 20), later(gap, 40)] };
  // Theirs lets the 02:30 that was moved fall together with the 03:30 that is due anyway.
  if (gap && rule === '30 1,2,3 * * *') return { ours: [gap] };
  // Steps in the hours: theirs treats them like fixed times, ours follows the time that passes.
  if (rule === '0 */2 * * *') return { ours: repeatedEvenHour[zone] ?? [], theirs: [gap ?? midnightGap ?? ''] };
  if (midnightGap && rule === '0 0-23/6 * * SUN') return { theirs: [midnightGap] };
  return {};
}

/** The second 02:00 of the day; elsewhere an odd hour comes twice. */
const repeatedEvenHour: Record<string, string[]> = {
  'Europe/Berlin': ['2026-10-25T01:00'],
  'Australia/Sydney': ['2026-04-04T16:00'],
};

const before = (slots: string[] = [], until: Date) => slots.filter((slot) => at(`${slot}Z`) <= until);

describe('a year of twenty rules in four time zones', () => {
  it.each(rules)(
    'E39: is as another library has it, but for the clock changes: %s',
    (rule) => {
      const zone = isFullRun ? undefined : frequent[rule];
      const until = zone ? endOfApril : endOfYear;
      for (const each of zone ? [zone] : zones) {
        const { ours, theirs } = explained(rule, each);
        const expected = { ours: before(ours, until), theirs: before(theirs, until) };
        expect([each, differenceOf(rule, each, until)]).toEqual([each, expected]);
      }
    },
    120_000,
  );
});
