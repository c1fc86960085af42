import { catalogue } from '@mentorhub/contracts';
import { CallRefusedError, type CallFault } from '@mentorhub/task-calls';
import type { Calendar } from '../timing/calendar.js';
import { cronFaults } from '../timing/cron-expression.js';
import { graceSeconds } from '../timing/due-slots.js';
import { calendarOf, lastSlot, TimingError, type Timing } from '../timing/timing.js';

/** What is wrong with a payload for its task. */
export function taskFaults(task: string, payload: unknown): CallFault[] {
  const contract = catalogue.tasks.get(task);
  if (!contract) return [{ path: ['task'], message: `there is no task "${task}"` }];
  const issues = contract.payload.safeParse(payload).error?.issues ?? [];
  return issues.flatMap((issue) => {
    const path = ['payload', ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a known field' }));
  });
}

/** What is wrong with a timing, also that it has no slot to come. */
export function timingFaults(timing: Timing, now: Date): CallFault[] {
  const { cron, startsAt, endsAt } = timing;
  if (startsAt && endsAt && endsAt < startsAt) return [{ path: ['endsAt'], message: 'lies before startsAt' }];
  const unreadable = cron === null ? [] : cronFaults(cron);
  if (unreadable.length > 0) return unreadable.map((message) => ({ path: ['cron'], message }));
  return firstSlot(timing, now) ? [] : [nothingToCome(timing, now)];
}

/** The slot that a schedule which begins now waits for. @throws {CallRefusedError} its rule cannot be read. */
export function firstSlot(timing: Timing, now: Date): Date | null {
  return readable(timing).next(timing.at ? withGrace(now) : now);
}

/** Whoever says "at this moment" is late by the time that it takes to say it. */
const withGrace = (now: Date) => new Date(now.getTime() - graceSeconds * 1000);

export function readable(timing: Timing): Calendar {
  try {
    return calendarOf(timing);
  } catch (error) {
    if (!(error instanceof TimingError)) throw error;
    throw new CallRefusedError('invalid', error.message, [{ path: ['cron'], message: error.message }]);
  }
}

function nothingToCome({ at, every, endsAt, startsAt }: Timing, now: Date): CallFault {
  if (at) return { path: ['at'], message: whyNever(at, now) };
  if (endsAt && endsAt < now) return { path: ['endsAt'], message: 'lies in the past' };
  const bounds = startsAt || endsAt ? ' between startsAt and endsAt' : '';
  if (every !== null) return { path: ['every'], message: `has no slot${bounds}` };
  return { path: ['cron'], message: `names no time that ever comes${bounds}` };
}

function whyNever(at: Date, now: Date): string {
  if (at < withGrace(now)) return 'lies in the past';
  return at > lastSlot ? 'must lie before the last hour of the year 9999' : 'lies outside of startsAt and endsAt';
}
