import { toTaskId } from '@mentorhub/task-store';
import type { AnyTaskContract, Result } from '@mentorhub/task-contracts';
import type { ResultOptions } from './enqueued-task.js';
import { ResultTimeoutError, TaskExpiredError, TaskFailedError, TaskRevokedError } from './result-errors.js';
import type { TaskEnd } from './task-end.js';
import type { TaskResults } from './task-results.js';

const defaultTimeoutSeconds = 30;

/** Waits for a task and turns its end into a result or into what {@link EnqueuedTask.result} throws. */
export async function resultOf<C extends AnyTaskContract>(
  results: Pick<TaskResults, 'end'>,
  contract: C,
  taskId: string,
  { timeoutSeconds = defaultTimeoutSeconds }: ResultOptions = {},
): Promise<Result<C>> {
  const id = toTaskId(taskId);
  if (!(timeoutSeconds >= 0))
    throw new RangeError(`timeoutSeconds is a number of seconds from 0, not ${timeoutSeconds}.`);
  const end = await results.end(id, timeoutSeconds);
  if (!end) throw new ResultTimeoutError(id, contract.name, timeoutSeconds);
  if (end.name !== contract.name) throw new TypeError(`Task ${id} is "${end.name}" and not "${contract.name}".`);
  return resultIn(end) as Result<C>;
}

function resultIn({ id, name, state, result, error }: TaskEnd): unknown {
  if (state === 'succeeded') return result;
  if (state === 'revoked') throw new TaskRevokedError(id, name);
  if (state === 'expired') throw new TaskExpiredError(id, name);
  throw new TaskFailedError(id, name, error ?? { name: 'Error', message: 'No error was recorded.' });
}
