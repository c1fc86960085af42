import type { Logger } from '@mentorhub/service';
import type { AnyTaskContract, Payload, Result } from '@mentorhub/task-contracts';
import type { ContextOf } from '../job/context.js';
import type { LogLevel } from './thread-messages.js';

/** What a handler in a thread logs with; its lines are written by the main thread, with the task's id and trace. */
export type ThreadLog = Pick<Logger, LogLevel>;

/** The context of a handler in a thread. Its `signal` cannot fire while the handler computes without a pause. */
export type ThreadContext<C extends AnyTaskContract> = Omit<ContextOf<C>, 'log'> & { readonly log: ThreadLog };

type Nothing<R> = null extends R ? R | undefined | void : R;
type Returned<C extends AnyTaskContract> = Nothing<Result<C>>;

/**
 * The default export of the module of a task with `isolation: 'thread'`. Returning is success, throwing is failure. Payload
 * and result cross as copies. Guards, pipes, interceptors and injected services are of the main thread and not there.
 *
 * @example
 * // build-report.ts
 * export default (async ({ month }, ctx) => {
 *   return { bytes: await render(month, ctx.signal) };
 * }) satisfies ThreadHandler<typeof BuildReport>;
 */
export type ThreadHandler<C extends AnyTaskContract> = (
  payload: Payload<C>,
  context: ThreadContext<C>,
) => Promise<Returned<C>> | Returned<C>;

/** Which module handles a task. */
export interface ThreadHandlerRegistration {
  readonly contract: AnyTaskContract;
  readonly module: URL;
}

/**
 * Names the module that handles a task with `isolation: 'thread'`, for `threadHandlers` of the service. Each thread imports
 * it once, when it first runs the task.
 *
 * @example threadHandlers: [threadHandler(BuildReport, new URL('./build-report.js', import.meta.url))]
 */
export const threadHandler = (contract: AnyTaskContract, module: URL): ThreadHandlerRegistration => ({
  contract,
  module,
});
