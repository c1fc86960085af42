import type { ScheduleView, VersionedSchedule } from '@mentorhub/contracts';
import type { ScheduleRow } from '../schedule-row.js';

/** Changes with every change that somebody makes, and is another one when the name belongs to another schedule. */
export const versionOf = ({ id, version }: Pick<ScheduleRow, 'id' | 'version'>): string => `${id}.${version}`;

export const versioned = (row: ScheduleRow): VersionedSchedule => ({
  version: versionOf(row),
  schedule: scheduleView(row),
});

export function scheduleView(row: ScheduleRow): ScheduleView {
  const { name, task, payload, timezone, jitter, misfire, misfireCap, overlap, overlapMaxAge, enabled } = row;
  return {
    name,
    task,
    payload,
    ...timingView(row),
    timezone,
    startsAt: row.startsAt?.toISOString() ?? null,
    endsAt: row.endsAt?.toISOString() ?? null,
    jitter,
    misfire,
    misfireCap,
    overlap,
    overlapMaxAge,
    enabled,
    nextFiring: (enabled && row.dueAt?.toISOString()) || null,
    lastFiring: lastFiring(row),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function timingView({ cron, every, at }: ScheduleRow): Pick<ScheduleView, 'cron' | 'every' | 'at'> {
  if (cron !== null) return { cron };
  if (every !== null) return { every };
  return at ? { at: at.toISOString() } : {};
}

function lastFiring({ lastSlot, lastFiredAt, lastTaskId }: ScheduleRow): ScheduleView['lastFiring'] {
  if (!lastSlot || !lastFiredAt || !lastTaskId) return null;
  return { slot: lastSlot.toISOString(), at: lastFiredAt.toISOString(), taskId: lastTaskId };
}
