import type { TaskEnd } from '@mentorhub/tasks';
import type { TaskError, TaskState } from '@mentorhub/task-store';
import type { AnyEventContract, AnyTaskContract, Payload, RetryPolicy } from '@mentorhub/task-contracts';

/** One time that a handler was called. */
export interface TestAttempt {
  /** From 1; as the handler saw it, so what was asked for by `RetryLater` is not counted. */
  readonly attempt: number;
  /** When, by the virtual clock. */
  readonly at: Date;
  /** What the handler threw, or why its result was refused; absent when the attempt succeeded. */
  readonly error?: unknown;
}

/** A task, or an event on its way to its handler, as a test may look at it. */
export interface TestTask<C extends AnyTaskContract | AnyEventContract = AnyTaskContract | AnyEventContract> {
  readonly id: string;
  readonly contract: C;
  readonly name: string;
  readonly queue: string;
  /** As the handler gets it: checked, defaults filled in, nothing encrypted. */
  readonly payload: Payload<C>;
  readonly state: TaskState;
  readonly attempts: readonly TestAttempt[];
  /** What the handler returned; undefined before it succeeded. */
  readonly result: unknown;
  /** What the handler said last by `ctx.progress`. */
  readonly progress: unknown;
  /** The last failure as it would be recorded. */
  readonly error: TaskError | undefined;
  /** When it was asked to be run first. */
  readonly eta: Date;
  /** When it is run next, or was last. */
  readonly dueAt: Date;
  readonly expiresAt: Date | undefined;
  /** The task whose handler enqueued it by `ctx.enqueue`. */
  readonly parentId: string | undefined;
}

/** A task as a test finds it, in memory or in the database. */
export type FoundTask<C extends AnyTaskContract = AnyTaskContract> = Pick<
  TestTask<C>,
  'id' | 'name' | 'queue' | 'state' | 'eta' | 'payload'
>;

/** What the driver changes of it. */
export interface Job extends TestTask {
  readonly retry: RetryPolicy;
  readonly root: string;
  readonly attempts: TestAttempt[];
  state: TaskState;
  result: unknown;
  progress: unknown;
  error: TaskError | undefined;
  dueAt: Date;
  /** Attempts that a handler asked for by `RetryLater`. */
  deferrals: number;
  revoked: boolean;
  /** Fires when it is terminated while it runs. */
  terminate: AbortController;
}

export const waits = ({ state }: Job): boolean => state === 'scheduled' || state === 'queued' || state === 'retrying';

/** How it ended, as whoever waits for its result is told. */
export function endOf(job: Job): TaskEnd {
  const { id, name, queue, state, deferrals, result, error = null, attempts } = job;
  const startedAt = attempts.at(-1)?.at ?? null;
  const place = { run: 1, attempt: attempts.length, deferrals, queue, worker: 'test' };
  return { id, name, state, ...place, startedAt, finishedAt: startedAt ?? job.dueAt, result, error };
}
