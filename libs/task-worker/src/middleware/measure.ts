import { taskMetrics, type TaskOutcome } from '@mentorhub/metrics';
import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';
import { isTask, only } from './middleware.js';

/** Counts and times tasks; events of a domain are no tasks. */
export const measure = only(isTask, async (job, next) => {
  const task = job.contract.name;
  taskMetrics.inflight.inc({ task });
  try {
    const outcome = await next();
    record(job, task, outcome);
    return outcome;
  } finally {
    taskMetrics.inflight.dec({ task });
  }
});

/** `busy`, `superseded` and faults decide nothing, so they are not counted as processed. */
const counted: Partial<Record<Outcome['kind'], TaskOutcome>> = {
  succeeded: 'succeeded',
  failed: 'dead_lettered',
  retrying: 'retried',
  revoked: 'revoked',
  expired: 'expired',
  duplicate: 'duplicate',
};

function record(job: Job, task: string, outcome: Outcome): void {
  const label = counted[outcome.kind];
  if (!label) return;
  taskMetrics.processed.inc({ task, outcome: label });
  if (!('event' in outcome) || !outcome.event) return;
  const { waitSeconds, runSeconds } = outcome.event;
  if (runSeconds !== undefined) taskMetrics.runDuration.observe({ task, outcome: label }, runSeconds);
  if (waitSeconds !== undefined) taskMetrics.queueWait.observe({ task }, waitSeconds);
  const done = outcome.kind === 'succeeded' || outcome.kind === 'failed';
  if (done && job.dueAt) taskMetrics.endToEnd.observe({ task }, Math.max(0, (Date.now() - job.dueAt.getTime()) / 1000));
}
