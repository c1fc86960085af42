import { lastInstant, type ScheduleView, type VersionedSchedule } from '@mentorhub/contracts';
import { Injectable } from '@nestjs/common';
import { firingsFrom } from '../timing/firings.js';
import type { ScheduleRow } from '../schedule-row.js';
import { readable } from './check-schedule.js';
import { noSuchSchedule } from './schedule-editor.js';
import { ScheduleTable } from './schedule-table.js';
import { scheduleView, versioned } from './schedule-view.js';

/** Shows schedules. */
@Injectable()
export class ScheduleReader {
  constructor(private readonly table: ScheduleTable) {}

  /** @throws {CallRefusedError} */
  async find(name: string): Promise<VersionedSchedule> {
    return versioned(await this.row(name));
  }

  /** By name, those after `after`. */
  async list(limit: number, after?: string): Promise<{ items: ScheduleView[]; more: boolean }> {
    const rows = await this.table.page(limit + 1, after);
    return { items: rows.slice(0, limit).map(scheduleView), more: rows.length > limit };
  }

  /** When it fires from an instant on, as if it were enabled. @throws {CallRefusedError} */
  async preview(name: string, count: number, from?: string): Promise<{ firings: string[] }> {
    const row = await this.row(name);
    const start = from === undefined ? await this.table.now() : new Date(from);
    const firings = firingsFrom(readable(row), waiting(row), start, lastInstant, count);
    return { firings: firings.map((firing) => firing.toISOString()) };
  }

  private async row(name: string) {
    const row = await this.table.find(name);
    if (!row) throw noSuchSchedule(name);
    return row;
  }
}

/** One that is paused waits for nothing: it begins anew when it is resumed. */
const waiting = (row: ScheduleRow): ScheduleRow => (row.enabled ? row : { ...row, nextSlot: null });
