import { derivedId } from '../ids.js';
import type { TaskState } from '../states.js';

/** What a task's failure looks like in history, dead letters and answers. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/**
 * What happened to a task, as workers tell it on the exchange `task-events`. Times are RFC 3339 in UTC. Task, run, attempt and kind
 * say which event it is, so telling it twice is telling it once.
 */
export interface TaskEvent {
  readonly taskId: string;
  readonly run: number;
  readonly attempt: number;
  readonly kind: Extract<TaskState, 'started' | 'retrying' | 'succeeded' | 'failed' | 'revoked' | 'expired'>;
  readonly at: string;
  readonly name: string;
  readonly version: number;
  readonly queue: string;
  readonly worker: string;
  readonly startedAt?: string;
  /** From due to started, without deliberate delay. */
  readonly waitSeconds?: number;
  readonly runSeconds?: number;
  /** Of the attempts so far, those that a handler asked for by `RetryLater`; absent when none. */
  readonly deferrals?: number;
  /** Of `retrying`: the wait until the next attempt. */
  readonly retryInSeconds?: number;
  readonly result?: unknown;
  readonly error?: TaskError;
}

/** The id of an event on the timeline. Who reads events derives it, since there are many more who tell them. */
export const taskEventId = ({ taskId, run, attempt, kind }: Pick<TaskEvent, 'taskId' | 'run' | 'attempt' | 'kind'>) =>
  derivedId(taskId, run, attempt, kind);
