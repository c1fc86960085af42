import type { Delivery } from '@mentorhub/messaging';
import { withLogFields, type Logger } from '@mentorhub/service';
import { withRemoteParent } from '@mentorhub/tracing';
import type { Outcome } from '../outcome/outcome.js';
import { taskNamedBy } from '../job/decode-delivery.js';
import { logFieldsOf, type Job } from '../job/job.js';
import type { Middleware } from './middleware.js';

/** Every line logged below carries the task's id; each job ends with one line that says how it went, and why. */
export const log = (logger: Logger): Middleware => {
  return (job, next) =>
    withLogFields(logFieldsOf(job), () =>
      next().then((outcome) => {
        write(logger, job, outcome);
        return outcome;
      }),
    );
};

function write(logger: Logger, job: Job, outcome: Outcome): void {
  const fields = { outcome: outcome.kind, queue: job.delivery.queue, ...seconds(outcome) };
  switch (outcome.kind) {
    case 'failed': {
      const { reason, event } = outcome;
      return logger.error({ ...fields, reason, error: event.error }, 'Task failed; its message is parked.');
    }
    case 'retrying':
      return logger.warn(
        { ...fields, error: outcome.event.error, ...nextTry(job, outcome.delaySeconds) },
        'Task attempt failed; it is tried again.',
      );
    case 'fault':
      return logger.warn(
        { ...fields, err: outcome.error },
        'The task could not be decided and is tried again; no attempt was spent.',
      );
    case 'succeeded':
      return logger[levelOfSuccess(job)](fields, 'Task succeeded.');
    default:
      return logger.info(fields, `Task not run: ${outcome.kind}.`);
  }
}

/** An unreadable message has no job; its line says as much of its task and trace as the message does. */
export function logUnreadable(logger: Logger, delivery: Delivery, outcome: Outcome & { kind: 'unreadable' }): void {
  const { reason, error } = outcome;
  const { queue, messageId: message_id, headers } = delivery;
  const { taskId: task_id, name: task, run, attempt } = taskNamedBy(delivery) ?? {};
  const fields = { outcome: outcome.kind, reason, queue, message_id, task_id, task, run, attempt, error };
  const { traceparent } = headers;
  withRemoteParent(typeof traceparent === 'string' ? { traceparent } : {}, () =>
    logger.error(fields, `A message was parked: ${error.message}`),
  );
}

const nextTry = ({ attempt }: Job, delaySeconds: number): object => ({
  retry_in_seconds: delaySeconds,
  next_attempt: attempt + 1,
  next_try_at: new Date(Date.now() + delaySeconds * 1000).toISOString(),
});

/** Light tasks come by the ten thousand a second, and a line each would cost as much as they do. */
const levelOfSuccess = ({ contract }: Job): 'debug' | 'info' =>
  contract.kind === 'task' && contract.effects === 'idempotent' ? 'debug' : 'info';

const seconds = (outcome: Outcome): object =>
  'event' in outcome && outcome.event
    ? { wait_seconds: outcome.event.waitSeconds, run_seconds: outcome.event.runSeconds }
    : {};
