import type { Slotted } from './timing/due-slots.js';

/** Whether a slot fires while the task of the last one is unfinished. */
export type OverlapPolicy = 'allow' | 'skip';

/** A row of `scheduler.schedule`. */
export interface ScheduleRow extends Slotted {
  readonly name: string;
  readonly task: string;
  readonly payload: unknown;
  readonly overlap: OverlapPolicy;
  /** Seconds after which an unfinished run counts as lost. */
  readonly overlapMaxAge: number;
  readonly enabled: boolean;
  /** Raised by every change that somebody makes. */
  readonly version: number;
  /** Null: there is none any more, or the rule cannot be read. */
  readonly nextSlot: Date | null;
  /** The next slot and its jitter. */
  readonly dueAt: Date | null;
  /** Of the last firing, by a slot or by somebody who asked for a run. */
  readonly lastSlot: Date | null;
  readonly lastFiredAt: Date | null;
  readonly lastTaskId: string | null;
  /** Of the last firing by a slot. */
  readonly slotFiredAt: Date | null;
  readonly slotTaskId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const scheduleColumns = `id, name, task, payload, cron, every_seconds AS every, at, timezone, starts_at AS "startsAt",
  ends_at AS "endsAt", anchor, jitter_seconds AS jitter, misfire, misfire_cap AS "misfireCap", overlap,
  overlap_max_age_seconds AS "overlapMaxAge", enabled, version, next_slot AS "nextSlot", due_at AS "dueAt",
  last_slot AS "lastSlot", last_fired_at AS "lastFiredAt", last_task_id AS "lastTaskId",
  slot_fired_at AS "slotFiredAt", slot_task_id AS "slotTaskId", created_at AS "createdAt",
  updated_at AS "updatedAt"`;
