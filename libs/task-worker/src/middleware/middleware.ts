import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';

/** One step around a job. It answers by itself or by what `next` answers; it throws only for faults of the runtime. */
export type Middleware = (job: Job, next: () => Promise<Outcome>) => Promise<Outcome>;

/** Composes steps, the first one outermost, around the last one. */
export function compose(
  steps: readonly Middleware[],
  last: (job: Job) => Promise<Outcome>,
): (job: Job) => Promise<Outcome> {
  return steps.reduceRight<(job: Job) => Promise<Outcome>>((next, step) => (job) => step(job, () => next(job)), last);
}
