export {
  CallRefusedError,
  CallTimeoutError,
  CallUnreachableError,
  type CallFault,
  type RefusalCode,
} from '../calls/call-errors.js';
export { Calls, type CallOptions, type CallsOptions } from '../calls/calls.js';
export { PayloadCipher, type PayloadKeys } from '../payload/payload-cipher.js';
export { checkPayload, encodePayload, InvalidPayloadError, type PayloadFault } from '../payload/payload-codec.js';
export type { EnqueuedTask, ResultOptions } from './enqueued-task.js';
export { ResultTimeoutError, TaskExpiredError, TaskFailedError, TaskRevokedError } from './result-errors.js';
export { TaskResults, type TaskResultsOptions } from './task-results.js';
export { Tasks, type EnqueueOptions, type EnqueueRequest, type RevokeOptions, type TasksOptions } from './tasks.js';
