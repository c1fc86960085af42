import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { scheduleColumns, type ScheduleRow } from '../schedule-row.js';

/** What of a row somebody decides, and where it begins; the rest is firing's. */
export type ScheduleDefinition = Omit<
  ScheduleRow,
  'version' | 'lastSlot' | 'lastFiredAt' | 'lastTaskId' | 'slotFiredAt' | 'slotTaskId' | 'createdAt' | 'updatedAt'
>;

/** `scheduler.schedule` as those see it who read and change schedules. */
@Injectable()
export class ScheduleTable {
  constructor(private readonly dataSource: DataSource) {}

  /** The database's clock, in whole milliseconds like every slot. */
  async now(manager: EntityManager = this.dataSource.manager): Promise<Date> {
    const [row]: { now: Date }[] = await manager.query(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
    if (!row) throw new Error('PostgreSQL did not tell the time.');
    return row.now;
  }

  async find(name: string): Promise<ScheduleRow | undefined> {
    const sql = `SELECT ${scheduleColumns} FROM scheduler.schedule WHERE name = $1`;
    return first(await this.dataSource.query(sql, [name]));
  }

  /** Holds it until `tx` ends; waits for a firing that is under way. */
  async hold(tx: EntityManager, name: string): Promise<ScheduleRow | undefined> {
    const sql = `SELECT ${scheduleColumns} FROM scheduler.schedule WHERE name = $1 FOR UPDATE`;
    return first(await tx.query(sql, [name]));
  }

  async findById(id: string): Promise<ScheduleRow | undefined> {
    const sql = `SELECT ${scheduleColumns} FROM scheduler.schedule WHERE id = $1`;
    return first(await this.dataSource.query(sql, [id]));
  }

  /** By name, those after `after`. */
  page(limit: number, after = ''): Promise<ScheduleRow[]> {
    const sql = `SELECT ${scheduleColumns} FROM scheduler.schedule WHERE name > $1 ORDER BY name LIMIT $2`;
    return this.dataSource.query(sql, [after, limit]);
  }

  /** Undefined when its name or id is taken. */
  async insert(definition: ScheduleDefinition): Promise<ScheduleRow | undefined> {
    return first(await this.dataSource.query(insertSql, valuesOf(definition)));
  }

  /** @throws a unique violation when its new name is taken. */
  async update(tx: EntityManager, definition: ScheduleDefinition): Promise<ScheduleRow> {
    const [rows]: [ScheduleRow[], number] = await tx.query(updateSql, valuesOf(definition));
    if (!rows[0]) throw new Error('A schedule was held and is not there.');
    return rows[0];
  }

  async delete(tx: EntityManager, id: string): Promise<void> {
    await tx.query(`DELETE FROM scheduler.schedule WHERE id = $1`, [id]);
  }

  /** A run that no slot asked for: the next slot's overlap policy heeds it too. */
  async noteRun(tx: EntityManager, id: string, taskId: string, slot: Date): Promise<void> {
    await tx.query(noteRunSql, [id, taskId, slot]);
  }
}

const first = (rows: ScheduleRow[]): ScheduleRow | undefined => rows[0];

const valuesOf = (row: ScheduleDefinition): unknown[] => [
  row.id,
  row.name,
  row.task,
  JSON.stringify(row.payload),
  row.cron,
  row.every,
  row.at,
  row.timezone,
  row.startsAt,
  row.endsAt,
  row.anchor,
  row.jitter,
  row.misfire,
  row.misfireCap,
  row.overlap,
  row.overlapMaxAge,
  row.enabled,
  row.nextSlot,
  row.dueAt,
];

const insertSql = `
  INSERT INTO scheduler.schedule (id, name, task, payload, cron, every_seconds, at, timezone, starts_at, ends_at, anchor,
    jitter_seconds, misfire, misfire_cap, overlap, overlap_max_age_seconds, enabled, next_slot, due_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
  ON CONFLICT DO NOTHING RETURNING ${scheduleColumns}`;

const updateSql = `
  UPDATE scheduler.schedule SET name = $2, task = $3, payload = $4, cron = $5, every_seconds = $6, at = $7, timezone = $8,
    starts_at = $9, ends_at = $10, anchor = $11, jitter_seconds = $12, misfire = $13, misfire_cap = $14, overlap = $15,
    overlap_max_age_seconds = $16, enabled = $17, next_slot = $18, due_at = $19, moved_at = clock_timestamp(),
    version = version + 1, updated_at = clock_timestamp()
  WHERE id = $1 RETURNING ${scheduleColumns}`;

const noteRunSql = `
  UPDATE scheduler.schedule SET last_task_id = $2, last_slot = $3, last_fired_at = clock_timestamp() WHERE id = $1`;
