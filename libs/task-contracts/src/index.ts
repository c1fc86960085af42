export { AmbiguousError, HardLimitError, PermanentError, RetryLater } from './handler-errors.js';
export {
  defineCall,
  type AnyCallContract,
  type CallContract,
  type CallInput,
  type CallOutput,
} from './call-contract.js';
export {
  chooseQueue,
  defineCatalogue,
  describeEvents,
  describeTasks,
  queueFault,
  type Catalogue,
  type EventDescription,
  type TaskConsumer,
  type TaskTypeDescription,
} from './catalogue.js';
export { ContractError } from './contract-rules.js';
export { defineEvent, type AnyEventContract, type EventContract } from './event-contract.js';
export type { RateLimit } from './flow-limits.js';
export {
  defaultRetryPolicy,
  jitters,
  longestRetryDelaySeconds,
  mostRetries,
  retryDelaySeconds,
  retryPolicy,
  type Jitter,
  type RetryPolicy,
} from './retry-policy.js';
export { defineRouting, queueFor, type Route } from './routing.js';
export {
  defaultTimeLimits,
  defineTask,
  longestDatabaseSeconds,
  type AnyTaskContract,
  type Effects,
  type Isolation,
  type OnAmbiguous,
  type Payload,
  type PayloadInput,
  type Result,
  type TaskContract,
  type TaskContractOptions,
  type TimeLimit,
} from './task-contract.js';
