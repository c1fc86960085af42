export type { SharedRate, SharedRatesOf } from './flow/shared-rates.js';
export { ThreadEndedError } from './isolation/thread-errors.js';
export {
  threadHandler,
  type ThreadContext,
  type ThreadHandler,
  type ThreadHandlerRegistration,
} from './isolation/thread-handler.js';
export type { ThreadOptions } from './isolation/thread-options.js';
export { parcelToPark, sendOrKeep, type Parcel, type ParcelTakers } from './outcome/parking.js';
export { toTaskError } from './outcome/task-error.js';
export {
  ClaimLostError,
  type ContextOf,
  type DatabaseContext,
  type ExternalContext,
  type TaskContext,
} from './job/context.js';
export { EventHandler, TaskHandler } from './job/handlers.js';
export { TaskServer, type TaskServerOptions } from './server/task-server.js';
export { TasksModule, type TasksModuleOptions } from './server/tasks.module.js';
export {
  taskService,
  taskServiceConfig,
  type TaskServiceConfig,
  type TaskServiceOptions,
} from './server/task-service.js';
