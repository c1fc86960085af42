import { catalogue } from '@mentorhub/contracts';
import { scheduleMetrics } from '@mentorhub/metrics';
import { InjectLogger, type Logger } from '@mentorhub/service';
import { InvalidPayloadError, Tasks } from '@mentorhub/tasks/client';
import { traced } from '@mentorhub/tracing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { CronRuleError, dueSlot, type DueSlot } from './cron-slots.js';
import { ScheduleStore, type ClaimedSchedule } from './schedule-store.js';

/** What became of a slot. `fault` says why nothing was enqueued. */
interface Fired {
  readonly schedule: ClaimedSchedule;
  readonly due: DueSlot;
  readonly taskId?: string;
  readonly fault?: Error;
}

/**
 * Fires slots, each exactly once, by any number of replicas without a leader.
 *
 * The slot is claimed, its task inserted and the schedule moved on in one transaction: a replica that dies on the way
 * leaves everything as it was, and another one fires. The task's id is derived from schedule and slot, so that even a
 * slot that comes back (a row restored from a backup) makes no second task.
 *
 * After downtime the latest missed slot fires, once; older ones are counted as missed and never made up for.
 */
@Injectable()
export class ScheduleFiring {
  constructor(
    private readonly dataSource: DataSource,
    private readonly schedules: ScheduleStore,
    private readonly tasks: Tasks,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Fires a schedule's slot if it has come and no other replica is at it. */
  async fire({ id, name }: { readonly id: string; readonly name: string }): Promise<void> {
    const fired = await traced('fire schedule', { 'mentorhub.schedule': name }, () =>
      this.dataSource.transaction((tx) => this.claimAndEnqueue(tx, id)),
    );
    if (fired) this.report(fired);
  }

  private async claimAndEnqueue(tx: EntityManager, id: string): Promise<Fired | undefined> {
    const schedule = await this.schedules.claim(tx, id);
    if (!schedule) return undefined;
    const { due, ruleFault } = slotOf(schedule);
    const result = ruleFault ? { fault: ruleFault } : await this.enqueue(tx, schedule, due.slot);
    await this.schedules.moveTo(tx, id, due.next);
    return { schedule, due, ...result };
  }

  private async enqueue(
    tx: EntityManager,
    schedule: ClaimedSchedule,
    slot: Date,
  ): Promise<Pick<Fired, 'taskId' | 'fault'>> {
    const contract = catalogue.tasks.get(schedule.task);
    if (!contract) return { fault: new Error(`There is no task "${schedule.task}".`) };
    const taskId = uuidv5(slot.toISOString(), schedule.id);
    try {
      await this.tasks.enqueue(contract, schedule.payload as Record<string, unknown>, { id: taskId, tx });
      return { taskId };
    } catch (error) {
      // Found before any statement ran, so the transaction is sound and can move the schedule on.
      if (error instanceof InvalidPayloadError) return { fault: error };
      throw error;
    }
  }

  private report({ schedule, due, taskId, fault }: Fired): void {
    const fields = { schedule: schedule.name, slot: due.slot.toISOString() };
    const missed = due.missed + (fault ? 1 : 0);
    scheduleMetrics.missed.inc({ schedule: schedule.name }, missed);
    if (due.missed > 0)
      this.logger.warn({ ...fields, missed: due.missed }, 'Earlier slots were missed; only the latest fires.');
    if (fault) return this.logger.error({ ...fields, err: fault }, 'A schedule could not fire: correct it.');
    scheduleMetrics.fired.inc({ schedule: schedule.name });
    scheduleMetrics.drift.observe(Math.max(0, (schedule.now.getTime() - due.slot.getTime()) / 1000));
    this.logger.info({ ...fields, task_id: taskId }, 'A schedule fired.');
  }
}

/** A rule that cannot be read has no next slot: the schedule rests until somebody corrects it. */
function slotOf(schedule: ClaimedSchedule): { due: DueSlot; ruleFault?: CronRuleError } {
  try {
    return { due: dueSlot(schedule, schedule.nextSlot, schedule.now) };
  } catch (error) {
    if (!(error instanceof CronRuleError)) throw error;
    return { due: { slot: schedule.nextSlot, missed: 0, next: null }, ruleFault: error };
  }
}
