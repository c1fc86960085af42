import { withLogFields, type Logger } from '@mentorhub/service';
import type { Outcome } from '../outcomes/outcome.js';
import type { Job } from '../server/job.js';
import type { Middleware } from './middleware.js';

/** Every line logged below carries the task's id; each job ends with one line that says how it went. */
export const log = (logger: Logger): Middleware => {
  return (job, next) =>
    withLogFields({ task_id: job.id, task: job.contract.name, attempt: job.attempt }, async () => {
      const outcome = await next();
      write(logger, job, outcome);
      return outcome;
    });
};

function write(logger: Logger, job: Job, outcome: Outcome): void {
  const fields = { outcome: outcome.kind, queue: job.delivery.queue, ...seconds(outcome) };
  if (outcome.kind === 'failed')
    logger.error({ ...fields, error: outcome.event.error }, 'Task failed; its message is parked.');
  else if (outcome.kind === 'retrying')
    logger.warn(
      { ...fields, error: outcome.event.error, retry_in_seconds: outcome.delaySeconds },
      'Task attempt failed; it is tried again.',
    );
  else if (outcome.kind === 'succeeded') logger[levelOfSuccess(job)](fields, 'Task succeeded.');
  else logger.info(fields, `Task not run: ${outcome.kind}.`);
}

/** Light tasks come by the ten thousand a second, and a line each would cost as much as they do. */
const levelOfSuccess = ({ contract }: Job): 'debug' | 'info' =>
  contract.kind === 'task' && contract.effects === 'idempotent' ? 'debug' : 'info';

const seconds = (outcome: Outcome): object =>
  'event' in outcome && outcome.event
    ? { wait_seconds: outcome.event.waitSeconds, run_seconds: outcome.event.runSeconds }
    : {};
