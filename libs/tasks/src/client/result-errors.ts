import type { TaskError } from '@mentorhub/task-store';

/** What is waited for failed: its handler threw for the last time, or its message could not be done at all. */
export class TaskFailedError extends Error {
  override readonly name = 'TaskFailedError';

  /** @param error as it is recorded: name, message, and the stack when there was one. */
  constructor(
    readonly taskId: string,
    readonly taskName: string,
    readonly error: TaskError,
  ) {
    super(`Task ${taskId} (${taskName}) failed: ${error.name}: ${error.message}`);
  }
}

/** What is waited for was revoked, so there is no result. */
export class TaskRevokedError extends Error {
  override readonly name = 'TaskRevokedError';

  constructor(
    readonly taskId: string,
    readonly taskName: string,
  ) {
    super(`Task ${taskId} (${taskName}) was revoked.`);
  }
}

/** What is waited for was not run before its `expires`, so there is no result. */
export class TaskExpiredError extends Error {
  override readonly name = 'TaskExpiredError';

  constructor(
    readonly taskId: string,
    readonly taskName: string,
  ) {
    super(`Task ${taskId} (${taskName}) expired before it was run.`);
  }
}

/** What is waited for is not over yet. It goes on; waiting again is right. */
export class ResultTimeoutError extends Error {
  override readonly name = 'ResultTimeoutError';

  constructor(
    readonly taskId: string,
    readonly taskName: string,
    readonly timeoutSeconds: number,
  ) {
    super(`Task ${taskId} (${taskName}) was not over within ${timeoutSeconds} s.`);
  }
}
