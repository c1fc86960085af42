import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { NewSchedule, ScheduleChange, VersionedSchedule } from '@mentorhub/contracts';
import { CallRefusedError, type CallFault } from '@mentorhub/task-calls';
import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import type { ScheduleRow } from '../schedule-row.js';
import { taskFaults, timingFaults } from './check-schedule.js';
import { changedDefinition, changesTiming, newDefinition, startingNow } from './definitions.js';
import { ScheduleTable } from './schedule-table.js';
import { versioned, versionOf } from './schedule-view.js';

/**
 * Creates, changes and deletes schedules while they run. Firing reads the row under its lock, so what is answered here
 * holds for every replica from then on.
 */
@Injectable()
export class ScheduleEditor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly table: ScheduleTable,
  ) {}

  /** @param given the id of a call: the same again answers what is there. @throws {CallRefusedError} */
  async create(schedule: NewSchedule, given?: string): Promise<VersionedSchedule> {
    // Before its times are looked at: what lay ahead at the first call may lie in the past at the second.
    const known = given === undefined ? undefined : await this.table.findById(given);
    if (known) return versioned(known);
    const id = given ?? randomUUID();
    const now = await this.table.now();
    const wanted = newDefinition(id, schedule, now);
    assertFits([...taskFaults(schedule.task, schedule.payload), ...timingFaults(wanted, now)]);
    const created = (await this.table.insert(startingNow(wanted, now))) ?? (await this.table.findById(id));
    if (!created) throw nameTaken(schedule.name);
    return versioned(created);
  }

  /**
   * The same change again, since its answer was lost, answers what is there.
   *
   * @param seen versions that it may have now; undefined: any.
   * @throws {CallRefusedError}
   */
  async change(name: string, change: ScheduleChange, seen: readonly string[] | undefined): Promise<VersionedSchedule> {
    return this.dataSource.transaction(async (tx) => {
      const row = await this.hold(tx, name);
      const now = await this.table.now(tx);
      const wanted = changedDefinition(row, change, now);
      if (!isSeen(row, seen)) {
        if (isSeen({ ...row, version: row.version - 1 }, seen) && isSame(wanted, row)) return versioned(row);
        throw changedMeanwhile(name);
      }
      const ofTask = change.task !== undefined || change.payload !== undefined;
      // What was not changed is not held against the change: a schedule that does not fit any more can be paused.
      assertFits([
        ...(ofTask ? taskFaults(wanted.task, wanted.payload) : []),
        ...(changesTiming(change) ? timingFaults(wanted, now) : []),
      ]);
      // What fell due while it was paused, or by the timing that it had, is not made up for.
      const restarts = changesTiming(change) || (wanted.enabled && !row.enabled);
      const { nextSlot, dueAt } = row;
      const after = restarts ? startingNow(wanted, now, changesTiming(change)) : { ...wanted, nextSlot, dueAt };
      return versioned(await this.table.update(tx, after).catch(nameTakenBy(after.name)));
    });
  }

  /** @param seen versions that it may have now; undefined: any. @throws {CallRefusedError} */
  async delete(name: string, seen: readonly string[] | undefined): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const row = await this.hold(tx, name);
      if (!isSeen(row, seen)) throw changedMeanwhile(name);
      return this.table.delete(tx, row.id);
    });
  }

  private async hold(tx: EntityManager, name: string): Promise<ScheduleRow> {
    const row = await this.table.hold(tx, name);
    if (!row) throw noSuchSchedule(name);
    return row;
  }
}

const isSeen = (row: Pick<ScheduleRow, 'id' | 'version'>, seen: readonly string[] | undefined): boolean =>
  !seen || seen.includes(versionOf(row));

/** Whether a change would leave everything as it is, but for when an interval began. */
const isSame = (wanted: object, row: ScheduleRow): boolean => isDeepStrictEqual({ ...wanted, anchor: row.anchor }, row);

export const noSuchSchedule = (name: string) => new CallRefusedError('not-found', `There is no schedule "${name}".`);

const changedMeanwhile = (name: string) =>
  new CallRefusedError('stale', `The schedule "${name}" was changed since it was read. Read it again.`);

const nameTaken = (name: string) =>
  new CallRefusedError('conflict', `There is a schedule "${name}" already. Change it, or choose another name.`);

const nameTakenBy = (name: string) => (error: unknown) => {
  const { code } = (error instanceof QueryFailedError ? error.driverError : {}) as { code?: string };
  throw code === '23505' ? nameTaken(name) : error;
};

function assertFits(faults: readonly CallFault[]): void {
  if (faults.length > 0) throw new CallRefusedError('invalid', 'The schedule does not fit.', faults);
}
