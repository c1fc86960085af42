import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, MessagePattern, Payload as PayloadParameter } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { AnyEventContract, AnyTaskContract, Payload, Result } from '@mentorhub/task-contracts';
import type { ContextOf } from './context.js';

/** Only {@link TaskServer} serves handlers of tasks, whatever else an application connects. */
export const taskTransport = Symbol('mentorhub tasks');

/** Nest's own filter turns every error into `{status: 'error'}`; the runtime decides by the error itself. */
@Catch()
class RethrowErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** A handler whose result may be null may return nothing. */
export type Nothing<R> = null extends R ? R | undefined | void : R;
type Handler<C extends { payload: AnyTaskContract['payload'] }, R> = (payload: Payload<C>, context: ContextOf<C>) => R;
type HandlerDecorator<H> = <T extends H>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/**
 * Marks a controller's method as the handler of a task. Payload, context and return type are checked against the
 * contract; guards, pipes and interceptors work as on any Nest handler. Returning is success, throwing is failure.
 *
 * @example
 * @TaskHandler(SendGreeting)
 * run(payload: Payload<typeof SendGreeting>, ctx: ExternalContext) { return ctx.once(() => this.mailer.greet(payload)); }
 */
export function TaskHandler<C extends AnyTaskContract>(
  contract: C,
): HandlerDecorator<Handler<C, Promise<Nothing<Result<C>>> | Nothing<Result<C>>>> {
  return handlerOf(contract);
}

/**
 * Marks a controller's method as the handler of a domain event, for the queues that this process consumes. It runs in a
 * transaction that also records the event as handled, so each event counts once per queue.
 */
export function EventHandler<E extends AnyEventContract>(event: E): HandlerDecorator<Handler<E, Promise<void> | void>> {
  return handlerOf(event);
}

function handlerOf({ name }: { name: string }) {
  return (target: object, key: string | symbol, descriptor: PropertyDescriptor): void => {
    // Nest passes a handler only the arguments that it has metadata for, once a pipe is involved.
    PayloadParameter()(target, key, 0);
    Ctx()(target, key, 1);
    UseFilters(RethrowErrors)(target, key, descriptor);
    MessagePattern<string>(name, taskTransport)(target, key, descriptor);
  };
}
