import { scheduleMetrics } from '@mentorhub/metrics';
import type { Logger } from '@mentorhub/service';
import { firingOf } from '../timing/jitter.js';
import type { FiringPlan } from './plan-firing.js';

/** Tells what became of a schedule's slots, once that is committed: metrics and a log line. */
export function reportFiring(plan: FiringPlan, inserted: ReadonlySet<string>, logger: Logger): void {
  const { schedule, due, fault, overlapped } = plan;
  const fields = { schedule: schedule.name, slot: schedule.nextSlot.toISOString() };
  const firings = plan.firings.filter(({ request }) => inserted.has(request.options.id));
  const missed = due.missed + (fault ? due.fire.length : overlapped);
  scheduleMetrics.missed.inc({ schedule: schedule.name }, missed);
  if (due.missed > 0) logger.warn({ ...fields, missed: due.missed, policy: schedule.misfire }, 'Slots were missed.');
  if (overlapped > 0)
    logger.warn(
      { ...fields, overlapped, last_task_id: schedule.lastTaskId },
      'A slot did not fire: the last run is unfinished.',
    );
  if (fault) return logger.error({ ...fields, err: fault }, 'A schedule could not fire: correct it.');
  scheduleMetrics.fired.inc({ schedule: schedule.name }, firings.length);
  for (const { slot } of firings) scheduleMetrics.drift.observe(drift(schedule, slot));
  const task_ids = firings.map(({ request }) => request.options.id);
  if (task_ids.length > 0) logger.info({ ...fields, task_ids }, 'A schedule fired.');
}

/** Seconds from when a slot was to fire until it did. */
function drift({ id, jitter, now }: FiringPlan['schedule'], slot: Date): number {
  return Math.max(0, (now.getTime() - firingOf(id, slot, jitter).getTime()) / 1000);
}
