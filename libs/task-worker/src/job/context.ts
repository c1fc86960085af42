import type { Logger } from '@mentorhub/service';
import type { EntityManager } from 'typeorm';
import type { EnqueuedTask } from '@mentorhub/tasks';
import type { EnqueueOptions, EnqueueRequest } from '@mentorhub/tasks';
import type { AnyEventContract, AnyTaskContract, PayloadInput, TaskContract } from '@mentorhub/task-contracts';

/** What every handler gets beside its payload. */
export interface TaskContext {
  /** The task's id; for an event, an id of this event in this queue. */
  readonly id: string;
  readonly name: string;
  readonly run: number;
  /** From 1; what was asked for by `RetryLater` is not counted. */
  readonly attempt: number;
  readonly queue: string;
  /** Fires at the soft and at the hard time limit, and when the task is terminated; long work should look at it. */
  readonly signal: AbortSignal;
  /** Logs with the task's id and trace. */
  readonly log: Logger;
  /**
   * Says how far the task is, any JSON value of at most 4 KiB; `GET /v1/tasks/:id` shows the latest. Written at most twice
   * a second, outside the handler's transaction, and never waited for.
   *
   * @example ctx.progress({ done: 40, of: 100 });
   * @throws {RangeError} it is larger.
   */
  progress(value: unknown): void;
  /** Enqueues a task as a child of this one; with `database` effects, in the handler's transaction. */
  enqueue<C extends AnyTaskContract>(
    contract: C,
    payload: PayloadInput<C>,
    options?: Omit<EnqueueOptions, 'tx' | 'parent'>,
  ): Promise<EnqueuedTask<C>>;
}

/** For `database` effects. */
export interface DatabaseContext extends TaskContext {
  /** What is written through it, the task's outcome, and the tasks that it enqueues commit together or not at all. */
  readonly tx: EntityManager;
  /** Enqueues many children in one statement of `tx`; one whose `id` exists already is left as it is, and not returned. */
  enqueueMany<C extends AnyTaskContract>(requests: readonly EnqueueRequest<C>[]): Promise<EnqueuedTask<C>[]>;
}

/** For `external` effects. */
export interface ExternalContext extends TaskContext {
  /**
   * Makes the call to the outside world. It is recorded right before that the call comes next, so that a crash before it
   * runs the task again and a crash after it is known to be ambiguous. Call it once, around the one call that counts.
   *
   * @throws {ClaimLostError} another worker has taken the task over; nothing was called.
   */
  once<T>(call: () => Promise<T>): Promise<T>;
}

/** The context that a contract's handler gets. */
export type ContextOf<C> = C extends AnyEventContract
  ? DatabaseContext
  : C extends TaskContract<infer _P, infer _R, infer E>
    ? E extends 'database'
      ? DatabaseContext
      : E extends 'external'
        ? ExternalContext
        : TaskContext
    : never;

/** This worker's claim expired and another took the task over: what this one does no longer counts. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';

  constructor(taskId: string) {
    super(`Another worker has taken over task ${taskId}; this one stops.`);
  }
}
