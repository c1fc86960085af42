import type { Outcome } from '../outcome/outcome.js';
import type { Job } from '../job/job.js';

type Contract = Job['contract'];

/** One step around a job. It answers by itself or by what `next` answers; it throws only for faults of the runtime. */
export interface Middleware {
  (job: Job, next: () => Promise<Outcome>): Promise<Outcome>;
  /** Whether jobs of a contract can ever need it. Default: all can. */
  readonly concerns?: (contract: Contract) => boolean;
}

/** A step for jobs of some contracts alone; the others never come to it. */
export const only = <M extends Middleware>(concerns: (contract: Contract) => boolean, step: M): M =>
  Object.assign(step, { concerns });

/**
 * Composes steps, the first one outermost, around the last one. Which of them a job goes through is decided once for its
 * contract; what each costs then is its own matter, so it should look cheaply whether this job needs it.
 */
export function compose(
  steps: readonly Middleware[],
  last: (job: Job) => Promise<Outcome>,
): (job: Job) => Promise<Outcome> {
  const chains = new Map<Contract, (job: Job) => Promise<Outcome>>();
  const planned = (contract: Contract) => {
    const needed = steps.filter((step) => step.concerns?.(contract) ?? true);
    return needed.reduceRight<typeof last>((next, step) => (job) => step(job, () => next(job)), last);
  };
  return (job) => {
    let chain = chains.get(job.contract);
    if (!chain) chains.set(job.contract, (chain = planned(job.contract)));
    return chain(job);
  };
}

export const isTask = ({ kind }: Contract): boolean => kind === 'task';
export const isLight = (contract: Contract): boolean => contract.kind === 'task' && contract.effects === 'idempotent';
