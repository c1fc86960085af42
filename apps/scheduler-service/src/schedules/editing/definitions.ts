import type { NewSchedule, ScheduleChange } from '@mentorhub/contracts';
import type { ScheduleRow } from '../schedule-row.js';
import { firingOf } from '../timing/jitter.js';
import type { Timing } from '../timing/timing.js';
import { firstSlot, readable } from './check-schedule.js';
import type { ScheduleDefinition } from './schedule-table.js';

type Decided = Omit<ScheduleDefinition, 'nextSlot' | 'dueAt'>;

/** A new schedule, without its first slot: that is known once its timing was found to be sound. */
export function newDefinition(id: string, schedule: NewSchedule, now: Date): Decided {
  const { cron = null, every = null, at, startsAt, endsAt, ...rest } = schedule;
  const instants = { at: instant(at), startsAt: instant(startsAt), endsAt: instant(endsAt) };
  return { ...rest, id, cron, every, ...instants, anchor: anchorOf(every, now) };
}

/** A schedule as a change leaves it, without its next slot. */
export function changedDefinition(row: ScheduleRow, change: ScheduleChange, now: Date): Decided {
  const { cron: _cron, every: _every, at: _at, startsAt, endsAt, ...rest } = change;
  return {
    ...row,
    ...rest,
    ...changedKind(row, change, now),
    startsAt: startsAt === undefined ? row.startsAt : instant(startsAt),
    endsAt: endsAt === undefined ? row.endsAt : instant(endsAt),
  };
}

/** With the slot that it waits for from now on. @param stated whether its timing is stated in this very moment. */
export function startingNow(decided: Decided, now: Date, stated = true): ScheduleDefinition {
  const nextSlot = stated ? firstSlot(decided, now) : readable(decided).next(now);
  return { ...decided, nextSlot, dueAt: nextSlot && firingOf(decided.id, nextSlot, decided.jitter) };
}

const timingKeys = ['cron', 'every', 'at', 'timezone', 'startsAt', 'endsAt', 'jitter'] as const;

/** Whether a change touches when the schedule fires. */
export const changesTiming = (change: ScheduleChange): boolean => timingKeys.some((key) => change[key] !== undefined);

/** Another kind of timing takes the place of the one before. */
function changedKind(
  row: ScheduleRow,
  { cron, every, at }: ScheduleChange,
  now: Date,
): Pick<Timing, 'cron' | 'every' | 'at' | 'anchor'> {
  if (cron !== undefined) return { cron, every: null, at: null, anchor: row.anchor };
  if (every !== undefined) return { cron: null, every, at: null, anchor: anchorOf(every, now) };
  if (at !== undefined) return { cron: null, every: null, at: instant(at), anchor: row.anchor };
  return { cron: row.cron, every: row.every, at: row.at, anchor: row.anchor };
}

/** An interval without a start begins one interval from now. */
const anchorOf = (every: number | null, now: Date): Date => new Date(now.getTime() + (every ?? 0) * 1000);

const instant = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);
