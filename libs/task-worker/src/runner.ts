/** How an attempt is run and judged, for `@mentorhub/task-testing`, which does it without servers. */
export type { ContextOf, ExternalContext, TaskContext } from './job/context.js';
export { taskTransport, type Nothing } from './job/handlers.js';
export { transactionContext } from './job/transaction-context.js';
export { judgeFailure, type Verdict } from './outcome/judge-failure.js';
export { toTaskError } from './outcome/task-error.js';
export { RevokedError } from './running/attempt-limits.js';
export { checkResult } from './running/run-handler.js';
