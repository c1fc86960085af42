import type { WaitWithoutPlace } from './queue-lane.js';
import type { Delivery } from '@mentorhub/messaging';
import type { TaskRun } from '@mentorhub/task-store';
import type { AnyEventContract, AnyTaskContract, RetryPolicy, TimeLimit } from '@mentorhub/task-contracts';

/** One readable delivery on its way through the pipeline. */
export interface Job {
  readonly delivery: Delivery;
  readonly contract: AnyTaskContract | AnyEventContract;
  /** What claims are about: the task's id, or an id of this event in this queue. */
  readonly id: string;
  readonly run: number;
  /** Which time it is delivered to be run, from 1. */
  readonly attempt: number;
  /** Of the attempts before, those that a handler asked for by `RetryLater`. */
  readonly deferrals: number;
  /** How often this attempt came back to its queue, also before it waited in the delay ladder. */
  readonly redeliveries: number;
  /** The contract's policy with what the call overrides. */
  readonly retry: RetryPolicy;
  readonly dueAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly root: string;
  /** Waits without a place in the concurrency of its queue. */
  readonly waitWithoutPlace: WaitWithoutPlace;
  /** As parsed from the body; sensitive fields are still encrypted. */
  readonly body: Record<string, unknown>;
  /** How often its handler was run again at once, by chance, since this delivery came or PostgreSQL came back. */
  repeats: number;
}

const eventTimeLimit: TimeLimit = { hardSeconds: 60 };

export const timeLimitOf = ({ contract }: Job): TimeLimit =>
  contract.kind === 'task' ? contract.timeLimit : eventTimeLimit;

export const runOf = ({ id, run, attempt }: Job): TaskRun => ({ taskId: id, run, attempt });

/** What every log line of a job carries. */
export const logFieldsOf = ({ id, run, attempt, contract }: Job) => ({
  task_id: id,
  task: contract.name,
  run,
  attempt,
});

export const queueOf = (job: Job): string => job.delivery.queue;

/** Attempts that count, this one included. */
export const triesOf = ({ attempt, deferrals }: Job): number => attempt - deferrals;
