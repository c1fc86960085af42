import type { TaskError, TaskEvent } from '@mentorhub/task-store';
import type { NamedTask } from '../job/decode-delivery.js';
import { queueOf, type Job } from '../job/job.js';

/** Makes the events of one job. */
export function taskEvent(
  job: Job,
  kind: TaskEvent['kind'],
  worker: string,
  more: Pick<TaskEvent, 'startedAt' | 'waitSeconds' | 'runSeconds' | 'retryInSeconds' | 'result' | 'error'> = {},
): TaskEvent {
  return {
    taskId: job.id,
    run: job.run,
    attempt: job.attempt,
    kind,
    at: new Date().toISOString(),
    name: job.contract.name,
    version: job.contract.version,
    queue: queueOf(job),
    worker,
    ...(job.deferrals > 0 && { deferrals: job.deferrals }),
    ...more,
  };
}

/** Seconds from due to `start`; the clocks of two machines may disagree, so never below 0. */
export const waitSeconds = (job: Job, start: Date): number | undefined =>
  job.dueAt && Math.max(0, (start.getTime() - job.dueAt.getTime()) / 1000);

/** The end of a task whose message no worker can read. */
export function unreadableEvent(task: NamedTask, queue: string, worker: string, error: TaskError): TaskEvent {
  return { ...task, kind: 'failed', at: new Date().toISOString(), queue, worker, error };
}
