export { CallRefusedError, type CallFault, type RefusalCode } from '../calls/call-errors.js';
export { CallServer, type AnsweredCall, type CallServerOptions } from '../calls/call-server.js';
export type { SharedRate, SharedRatesOf } from '../flow/shared-rates.js';
export { AmbiguousError, HardLimitError, PermanentError, RetryLater } from '../outcomes/handler-errors.js';
export { ThreadEndedError } from '../isolation/thread-errors.js';
export {
  threadHandler,
  type ThreadContext,
  type ThreadHandler,
  type ThreadHandlerRegistration,
} from '../isolation/thread-handler.js';
export type { ThreadOptions } from '../isolation/thread-options.js';
export { parcelToPark, sendOrKeep, type Parcel, type ParcelTakers } from '../outcomes/parking.js';
export { toTaskError } from '../outcomes/task-error.js';
export {
  ClaimLostError,
  type ContextOf,
  type DatabaseContext,
  type ExternalContext,
  type TaskContext,
} from './context.js';
export { EventHandler, TaskHandler } from './handlers.js';
export { TaskServer, type TaskServerOptions } from './task-server.js';
export { TasksModule, type TasksModuleOptions } from './tasks.module.js';
export { taskService, taskServiceConfig, type TaskServiceConfig, type TaskServiceOptions } from './task-service.js';
