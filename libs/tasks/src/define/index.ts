export {
  defineCatalogue,
  describeEvents,
  describeTasks,
  type Catalogue,
  type EventDescription,
  type TaskTypeDescription,
} from './catalogue.js';
export { ContractError } from './contract-rules.js';
export { defineEvent, type AnyEventContract, type EventContract } from './event-contract.js';
export { defineRouting, queueFor, type Route } from './routing.js';
export {
  defaultTimeLimits,
  defineTask,
  type AnyTaskContract,
  type Effects,
  type OnAmbiguous,
  type Payload,
  type PayloadInput,
  type Result,
  type TaskContract,
  type TaskContractOptions,
  type TimeLimit,
} from './task-contract.js';
