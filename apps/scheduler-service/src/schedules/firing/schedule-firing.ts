import { InjectLogger, type Logger } from '@mentorhub/service';
import { TaskStore } from '@mentorhub/task-store';
import { Tasks } from '@mentorhub/tasks';
import { traced } from '@mentorhub/tracing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { firingOf } from '../timing/jitter.js';
import { calendarOf } from '../timing/timing.js';
import { DueSchedules, type ClaimedSchedule } from './due-schedules.js';
import { payloadBytes, planFiring, stepAfter, type FiringPlan } from './plan-firing.js';
import { reportFiring } from './report-firing.js';

/** Schedules that one transaction fires at most. */
export const batchSize = 500;
/** With so many tasks, or bytes of their payloads, it takes no further schedule: all of them are in memory at once. */
const enoughTasks = 2_000;
const enoughBytes = 8 * 1024 * 1024;

/**
 * Fires slots, each exactly once, by any number of replicas without a leader.
 *
 * 1. Schedules whose time has come are claimed, their tasks inserted and the schedules moved on, in one transaction: a
 *    replica that dies on the way leaves everything as it was, and another one fires.
 * 2. A task's id is derived from schedule and slot, so that even a slot that comes back (a clock that was set back, a row
 *    restored from a backup) makes no second task.
 * 3. What is late is decided by the misfire policy, what would overlap an unfinished run by the overlap policy.
 */
@Injectable()
export class ScheduleFiring {
  constructor(
    private readonly dataSource: DataSource,
    private readonly schedules: DueSchedules,
    private readonly tasks: Tasks,
    private readonly store: TaskStore,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Fires what is due, up to a batch. @returns whether more may be due. */
  async fireDue(): Promise<boolean> {
    return this.fireClaimed((tx) => this.schedules.claim(tx, batchSize));
  }

  /** Fires one schedule if its time has come and no other replica is at it. */
  async fireOne(id: string): Promise<void> {
    await this.fireClaimed((tx) => this.schedules.claimOne(tx, id));
  }

  /**
   * After the clock went back: schedules wait again for the slots that come by the clock as it is now. Those of them that
   * have fired are known by the ids of their tasks.
   */
  async rewind(): Promise<void> {
    for (let count = batchSize; count === batchSize;) {
      count = await this.dataSource.transaction((tx) => this.rewindBatch(tx));
    }
  }

  private async fireClaimed(claim: (tx: EntityManager) => Promise<ClaimedSchedule[]>): Promise<boolean> {
    const { fired, more } = await this.dataSource.transaction((tx) => this.fireIn(tx, claim));
    for (const { plan, inserted } of fired) reportFiring(plan, inserted, this.logger);
    return more;
  }

  private async fireIn(tx: EntityManager, claim: (tx: EntityManager) => Promise<ClaimedSchedule[]>) {
    const claimed = await claim(tx);
    if (claimed.length === 0) return { fired: [], more: false };
    return traced('fire schedules', { 'mentorhub.schedules': claimed.length }, async () => {
      const unfinished = await this.unfinishedRuns(tx, claimed);
      const plans = plansOf(claimed, unfinished);
      const inserted = await this.enqueue(tx, plans);
      await this.schedules.moveOn(tx, plans.map(stepAfter));
      const stillDue = plans.some(({ due, firings }) => firings.length > 0 && due.fire.includes(due.next as Date));
      const more = stillDue || plans.length < claimed.length || claimed.length === batchSize;
      return { fired: plans.map((plan) => ({ plan, inserted })), more };
    });
  }

  private async enqueue(tx: EntityManager, plans: readonly FiringPlan[]): Promise<ReadonlySet<string>> {
    const requests = plans.flatMap(({ firings }) => firings.map(({ request }) => request));
    const enqueued = requests.length > 0 ? await this.tasks.enqueueMany(requests, tx) : [];
    return new Set(enqueued.map(({ id }) => id));
  }

  /** Last runs that are to be waited for: not those that are older than their schedule's maximum age. */
  private async unfinishedRuns(tx: EntityManager, claimed: readonly ClaimedSchedule[]): Promise<ReadonlySet<string>> {
    const ids = claimed.flatMap(waitedFor);
    return ids.length > 0 ? new Set(await this.store.history.unfinished(ids, tx)) : new Set();
  }

  private async rewindBatch(tx: EntityManager): Promise<number> {
    const ahead = await this.schedules.claimAhead(tx, batchSize);
    if (ahead.length > 0)
      this.logger.warn({ schedules: ahead.length }, "PostgreSQL's clock went back; schedules follow it.");
    await this.schedules.moveOn(tx, ahead.map(stepBack));
    return ahead.length;
  }
}

/** Of the first of them, until there is enough; the others stay as they are, and are claimed again. */
function plansOf(claimed: readonly ClaimedSchedule[], unfinished: ReadonlySet<string>): FiringPlan[] {
  const plans: FiringPlan[] = [];
  let [tasks, bytes] = [0, 0];
  for (const schedule of claimed) {
    if (tasks >= enoughTasks || bytes >= enoughBytes) break;
    const plan = planFiring(
      schedule,
      waitedFor(schedule).some((id) => unfinished.has(id)),
    );
    plans.push(plan);
    tasks += plan.firings.length;
    bytes += plan.firings.length * payloadBytes(schedule);
  }
  return plans;
}

/** The tasks of the last slot that fired and of the last firing of any kind, which may be a run that somebody asked for. */
function waitedFor({ overlap, overlapMaxAge, now, ...last }: ClaimedSchedule): string[] {
  if (overlap !== 'skip') return [];
  const firings = [
    { id: last.slotTaskId, at: last.slotFiredAt },
    { id: last.lastTaskId, at: last.lastFiredAt },
  ];
  return firings.flatMap(({ id, at }) =>
    id && at && now.getTime() - at.getTime() <= overlapMaxAge * 1000 ? [id] : [],
  );
}

function stepBack(schedule: ClaimedSchedule) {
  const { id, jitter, now } = schedule;
  const nextSlot = slotFrom(schedule, now);
  return { id, nextSlot, dueAt: nextSlot && firingOf(id, nextSlot, jitter), lastSlot: null, lastTaskId: null };
}

function slotFrom(schedule: ClaimedSchedule, from: Date): Date | null {
  try {
    return calendarOf(schedule).next(from);
  } catch {
    return schedule.nextSlot;
  }
}
