export { OverloadError } from '@mentorhub/task-store';
export { AcceptedTask, type EnqueuedTask, type ResultOptions } from './client/enqueued-task.js';
export { ResultTimeoutError, TaskExpiredError, TaskFailedError, TaskRevokedError } from './client/result-errors.js';
export { resultOf } from './client/result-of.js';
export type { TaskEnd } from './client/task-end.js';
export { TaskResults, type TaskResultsOptions } from './client/task-results.js';
export {
  Tasks,
  type EnqueueOptions,
  type EnqueueRequest,
  type RevokeOptions,
  type TasksOptions,
} from './client/tasks.js';
