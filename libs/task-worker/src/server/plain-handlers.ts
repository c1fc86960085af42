import { MetadataScanner, type ApplicationConfig, type ModuleRef, type ModulesContainer } from '@nestjs/core';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { PARAM_ARGS_METADATA, PATTERN_METADATA, TRANSPORT_METADATA } from '@nestjs/microservices/constants.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { TaskContext } from '../job/context.js';
import { taskTransport } from '../job/handlers.js';
import type { HandlerCall } from '../running/run-handler.js';

type Method = (payload: unknown, context: TaskContext) => unknown;

/** What Nest says of a parameter of a handler. */
interface Parameter {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
  readonly schema?: unknown;
}

/**
 * The handlers that nothing of Nest stands around: no guard, pipe, interceptor or filter of their own, of their controller or
 * of the whole application, and a controller that is there once. Nest would do no more than call them, and takes some ten
 * promises for it.
 *
 * @param config undefined when it is not known what stands around all handlers; then there are none.
 */
export function plainHandlers(
  modules: ModulesContainer,
  config: ApplicationConfig | undefined,
): ReadonlyMap<string, HandlerCall> {
  const plain = new Map<string, HandlerCall>();
  if (!config || hasGlobalEnhancers(config)) return plain;
  for (const { controllers } of modules.values()) {
    for (const wrapper of controllers.values()) {
      const instance = wrapper.instance as object | undefined;
      if (!instance || !wrapper.isDependencyTreeStatic() || isEnhanced(instance.constructor)) continue;
      for (const [name, method] of handlersOf(instance)) plain.set(name, callOf(instance, method));
    }
  }
  return plain;
}

/** What stands around all handlers of an application. Nest does not give it to providers; undefined where it is not as it was. */
export const configOf = (moduleRef: ModuleRef): ApplicationConfig | undefined =>
  (moduleRef as unknown as { container?: { applicationConfig?: ApplicationConfig } }).container?.applicationConfig;

/** What a handler returns, whether Nest calls it or not. */
export const resultOf = (returned: unknown): unknown =>
  isObservable(returned) ? lastValueFrom(returned, { defaultValue: undefined }) : returned;

const callOf =
  (instance: object, method: Method): HandlerCall =>
  async (payload, context) =>
    resultOf(await method.call(instance, payload, context));

function handlersOf(instance: object): [string, Method][] {
  const prototype = Object.getPrototypeOf(instance) as Record<string, Method>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((key): [string, Method][] => {
    const method = prototype[key];
    if (!method || Reflect.getMetadata(TRANSPORT_METADATA, method) !== taskTransport) return [];
    if (isEnhanced(method, 1) || !takesItsArguments(instance, key)) return [];
    return (Reflect.getMetadata(PATTERN_METADATA, method) as string[]).map((name) => [name, method]);
  });
}

const lengthOf = (key: string, target: object): number =>
  (Reflect.getMetadata(key, target) as unknown[] | undefined)?.length ?? 0;

/** @param ownFilters those that a handler of tasks has from its decorator, which throw on what was thrown */
const isEnhanced = (target: object, ownFilters = 0): boolean =>
  [GUARDS_METADATA, PIPES_METADATA, INTERCEPTORS_METADATA].some((key) => lengthOf(key, target) > 0) ||
  lengthOf(EXCEPTION_FILTERS_METADATA, target) !== ownFilters;

/** The payload and the context, as they are. */
function takesItsArguments({ constructor }: object, key: string): boolean {
  const parameters = Object.values(
    (Reflect.getMetadata(PARAM_ARGS_METADATA, constructor, key) ?? {}) as Record<string, Parameter>,
  );
  return (
    parameters.length === 2 &&
    parameters.every(({ data, pipes, schema }) => data === undefined && schema === undefined && pipes.length === 0)
  );
}

/** Those that are made for each call make every controller one that is, too. */
const hasGlobalEnhancers = (config: ApplicationConfig): boolean =>
  [
    config.getGlobalGuards(),
    config.getGlobalPipes(),
    config.getGlobalInterceptors(),
    config.getGlobalFilters(),
    config.getGlobalPreRequestHooks(),
  ].some((enhancers) => enhancers.length > 0);
