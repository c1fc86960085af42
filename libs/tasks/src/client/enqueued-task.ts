import type { TaskState } from '@mentorhub/task-store';
import type { AnyTaskContract, Result } from '@mentorhub/task-contracts';

export interface ResultOptions {
  /** How long to wait, in seconds; 0 only looks. Default 30. */
  readonly timeoutSeconds?: number | undefined;
}

/** A task that was accepted. */
export interface EnqueuedTask<C extends AnyTaskContract = AnyTaskContract> {
  readonly id: string;
  readonly state: TaskState;
  /** False when a task with the id that the caller chose was there already. */
  readonly created: boolean;

  /**
   * Waits until the task is over, and gives what its handler returned. Any number may wait; the first who does makes this
   * process listen to the ends of tasks.
   *
   * A task that was enqueued with `tx` exists once that transaction has committed: before, this waits in vain. A handler
   * that waits for another task keeps its place in the queue meanwhile; enqueue what follows from it instead.
   *
   * @throws {TaskFailedError} it failed; the error is the recorded one.
   * @throws {TaskRevokedError} it was revoked.
   * @throws {TaskExpiredError} it was not run before its `expires`.
   * @throws {ResultTimeoutError} it is not over in time. It goes on.
   * @throws {ShutdownError} this service stops.
   * @example const { messageId } = await task.result({ timeoutSeconds: 10 });
   */
  result(options?: ResultOptions): Promise<Result<C>>;
}

/** How an {@link EnqueuedTask} waits. */
export type WaitForResult<C extends AnyTaskContract> = (
  contract: C,
  id: string,
  options?: ResultOptions,
) => Promise<Result<C>>;

/** Its way to wait is hidden, so that it reads, compares and serialises as its three fields. */
export class AcceptedTask<C extends AnyTaskContract> implements EnqueuedTask<C> {
  readonly #wait: WaitForResult<C>;
  readonly #contract: C;
  readonly id: string;
  readonly state: TaskState;
  readonly created: boolean;

  constructor(
    contract: C,
    { id, state, created }: Pick<EnqueuedTask, 'id' | 'state' | 'created'>,
    wait: WaitForResult<C>,
  ) {
    this.#contract = contract;
    this.#wait = wait;
    this.id = id;
    this.state = state;
    this.created = created;
  }

  result(options?: ResultOptions): Promise<Result<C>> {
    return this.#wait(this.#contract, this.id, options);
  }
}
