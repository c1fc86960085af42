import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { CronRule } from './cron-slots.js';

/** A schedule whose slot has come and that this transaction holds. */
export interface ClaimedSchedule extends CronRule {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly payload: unknown;
  readonly nextSlot: Date;
  /** The database's clock when it was claimed. */
  readonly now: Date;
}

/** A schedule whose slot comes soon. */
export interface ComingSchedule {
  readonly id: string;
  readonly name: string;
  /** By the database's clock; zero or less: it has come. */
  readonly secondsAhead: number;
}

/** Schedules that come within this are looked at ahead of time. */
const horizonSeconds = 60;

/** The table `scheduler.schedule`. Whether a slot has come is told by the database's clock alone. */
@Injectable()
export class ScheduleStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Names of the schedules that are enabled. */
  async enabledNames(): Promise<string[]> {
    const rows: { name: string }[] = await this.dataSource.query(`SELECT name FROM scheduler.schedule WHERE enabled`);
    return rows.map(({ name }) => name);
  }

  /** Those whose slot has come or comes within a minute, the earliest first. */
  coming(): Promise<ComingSchedule[]> {
    return this.dataSource.query(comingSql, [horizonSeconds]);
  }

  /**
   * Holds a schedule until `tx` ends. Undefined when its slot has not come, or another replica holds it or has fired it.
   */
  async claim(tx: EntityManager, id: string): Promise<ClaimedSchedule | undefined> {
    const rows: ClaimedSchedule[] = await tx.query(claimSql, [id]);
    return rows[0];
  }

  /** The slot after the one that is being fired; null: none. */
  async moveTo(tx: EntityManager, id: string, next: Date | null): Promise<void> {
    await tx.query(`UPDATE scheduler.schedule SET next_slot = $2 WHERE id = $1`, [id, next]);
  }
}

const comingSql = `
  SELECT id, name, extract(epoch FROM next_slot - clock_timestamp())::float8 AS "secondsAhead"
  FROM scheduler.schedule
  WHERE enabled AND next_slot <= clock_timestamp() + make_interval(secs => $1)
  ORDER BY next_slot`;

const claimSql = `
  SELECT id, name, task, payload, cron, timezone, next_slot AS "nextSlot", clock_timestamp() AS now
  FROM scheduler.schedule
  WHERE id = $1 AND enabled AND next_slot <= clock_timestamp()
  FOR UPDATE SKIP LOCKED`;
