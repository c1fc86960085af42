import type { Logger } from '@mentorhub/service';
import type { EntityManager } from 'typeorm';
import type { Tasks } from '@mentorhub/tasks';
import { transactionContext } from '@mentorhub/task-worker/runner';
import type { ExternalContext, TaskContext } from '@mentorhub/task-worker/runner';
import type { Job } from './test-task.js';

export interface ContextParts {
  readonly job: Job;
  readonly tasks: Pick<Tasks, 'enqueue' | 'enqueueMany'>;
  readonly log: Logger;
  /** With `database` effects, and for events. */
  readonly tx: EntityManager | undefined;
  readonly once: ExternalContext['once'];
}

/** Attempts that count, the running one included. */
export const triesOf = ({ attempts, deferrals }: Pick<Job, 'attempts' | 'deferrals'>): number =>
  attempts.length - deferrals;

/** What a handler gets beside its payload; the one place to extend when the context grows. */
export function attemptContext({ job, tasks, log, tx, once }: ContextParts): TaskContext {
  const { id, name, queue, root, contract } = job;
  const parent = { id, root };
  const external = contract.kind === 'task' && contract.effects === 'external';
  return {
    id,
    name,
    run: 1,
    attempt: triesOf(job),
    queue,
    signal: job.terminate.signal,
    log,
    progress: (value) => {
      job.progress = value;
    },
    enqueue: (child, payload, options) => tasks.enqueue(child, payload, { ...options, parent, tx }),
    ...(tx && transactionContext(tasks, parent, tx)),
    ...(external && { once }),
  };
}
