import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { scheduleColumns, type ScheduleRow } from '../schedule-row.js';

/** A schedule that this transaction holds. */
export interface ClaimedSchedule extends ScheduleRow {
  readonly nextSlot: Date;
  /** The database's clock when it was claimed, the same for all that were claimed together. */
  readonly now: Date;
}

/** Where a schedule goes on. */
export interface Step {
  readonly id: string;
  readonly nextSlot: Date | null;
  readonly dueAt: Date | null;
  /** The last slot that fired by this step; null leaves what was noted before. */
  readonly lastSlot: Date | null;
  readonly lastTaskId: string | null;
}

/** What the loop needs to know between two passes. */
export interface Outlook {
  /** A schedule was moved on at a time which is yet to come, by whichever replica. */
  readonly clockWentBack: boolean;
  /** Until the next schedule is due; zero or less: one is. Null when none is to come. */
  readonly secondsAhead: number | null;
}

/** Schedules that come within this are named ahead of time. */
const horizonSeconds = 60;
/** A clock that went back by less is corrected by waiting. */
const backwardsSeconds = 60;

/** `scheduler.schedule` as firing sees it. Whether a slot has come is told by the database's clock alone. */
@Injectable()
export class DueSchedules {
  constructor(private readonly dataSource: DataSource) {}

  async outlook(): Promise<Outlook> {
    const [outlook]: Outlook[] = await this.dataSource.query(outlookSql, [backwardsSeconds]);
    if (!outlook) throw new Error('PostgreSQL did not tell the time.');
    return outlook;
  }

  /** Names of the schedules that come within a minute. */
  async comingNames(): Promise<string[]> {
    const rows: { name: string }[] = await this.dataSource.query(comingNamesSql, [horizonSeconds]);
    return rows.map(({ name }) => name);
  }

  /** Schedules that are due, the earliest first. */
  async dueIds(limit: number): Promise<string[]> {
    const rows: { id: string }[] = await this.dataSource.query(dueIdsSql, [limit]);
    return rows.map(({ id }) => id);
  }

  /** Holds schedules whose time has come until `tx` ends, the earliest first; not those that another replica holds. */
  claim(tx: EntityManager, limit: number): Promise<ClaimedSchedule[]> {
    return tx.query(`${claimSql} ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED`, [limit]);
  }

  /** The same for a single one. */
  claimOne(tx: EntityManager, id: string): Promise<ClaimedSchedule[]> {
    return tx.query(`${claimSql} AND id = $1 FOR UPDATE SKIP LOCKED`, [id]);
  }

  /** Holds schedules that were moved on at a time which is yet to come, since the clock went back. */
  claimAhead(tx: EntityManager, limit: number): Promise<ClaimedSchedule[]> {
    return tx.query(claimAheadSql, [backwardsSeconds, limit]);
  }

  async moveOn(tx: EntityManager, steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return;
    await tx.query(moveOnSql, [
      steps.map(({ id }) => id),
      steps.map(({ nextSlot }) => nextSlot),
      steps.map(({ dueAt }) => dueAt),
      steps.map(({ lastSlot }) => lastSlot),
      steps.map(({ lastTaskId }) => lastTaskId),
    ]);
  }
}

// The clock stands in a subquery, since the index cannot be used for what may change from row to row.
const due = `enabled AND due_at <= (SELECT clock_timestamp())`;

const outlookSql = `
  SELECT
    (SELECT max(moved_at) FROM scheduler.schedule WHERE enabled) > clock.t + make_interval(secs => $1) IS TRUE
      AS "clockWentBack",
    extract(epoch FROM
      (SELECT due_at FROM scheduler.schedule WHERE enabled AND due_at IS NOT NULL ORDER BY due_at LIMIT 1) - clock.t
    )::float8 AS "secondsAhead"
  FROM (SELECT clock_timestamp() AS t) clock`;

const comingNamesSql = `
  SELECT name FROM scheduler.schedule
  WHERE enabled AND due_at <= (SELECT clock_timestamp() + make_interval(secs => $1))`;

const dueIdsSql = `SELECT id FROM scheduler.schedule WHERE ${due} ORDER BY due_at LIMIT $1`;

const claimSql = `SELECT ${scheduleColumns}, (SELECT clock_timestamp()) AS now FROM scheduler.schedule WHERE ${due}`;

const claimAheadSql = `
  SELECT ${scheduleColumns}, (SELECT clock_timestamp()) AS now FROM scheduler.schedule
  WHERE enabled AND moved_at > (SELECT clock_timestamp() + make_interval(secs => $1))
  LIMIT $2 FOR UPDATE SKIP LOCKED`;

const moveOnSql = `
  UPDATE scheduler.schedule s
  SET next_slot = step.next_slot, due_at = step.due_at, moved_at = clock_timestamp(),
    last_slot = coalesce(step.last_slot, s.last_slot), last_task_id = coalesce(step.last_task_id, s.last_task_id),
    last_fired_at = CASE WHEN step.last_task_id IS NULL THEN s.last_fired_at ELSE clock_timestamp() END,
    slot_task_id = coalesce(step.last_task_id, s.slot_task_id),
    slot_fired_at = CASE WHEN step.last_task_id IS NULL THEN s.slot_fired_at ELSE clock_timestamp() END
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::uuid[])
    AS step (id, next_slot, due_at, last_slot, last_task_id)
  WHERE s.id = step.id`;
