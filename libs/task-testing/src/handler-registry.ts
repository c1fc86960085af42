import { PATTERN_METADATA, TRANSPORT_METADATA } from '@nestjs/microservices/constants.js';
import 'reflect-metadata';
import type { Catalogue } from '@mentorhub/task-contracts';
import type { TaskContext } from '@mentorhub/task-worker/runner';
import { taskTransport } from '@mentorhub/task-worker/runner';
import { TestTasksError } from './test-tasks-error.js';

export type Handle = (payload: unknown, context: TaskContext) => unknown;

/** The handlers of a test, by the names of their contracts. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, Handle>();

  constructor(private readonly catalogue: Catalogue) {}

  of(name: string): Handle | undefined {
    return this.handlers.get(name);
  }

  /** @throws {TestTasksError} the catalogue does not know it, or it has a handler already. */
  add(name: string, handle: Handle): void {
    const { tasks, events } = this.catalogue;
    if (!tasks.has(name) && !events.has(name)) throw new TestTasksError(`The catalogue has no "${name}".`);
    if (this.handlers.has(name)) throw new TestTasksError(`"${name}" has two handlers; remove one of them.`);
    this.handlers.set(name, handle);
  }

  /** Takes every method under `@TaskHandler` or `@EventHandler`. @throws {TestTasksError} there is none. */
  addController(controller: object): void {
    const found = methodsOf(controller).flatMap((method) => namesOf(method).map((name) => ({ name, method })));
    if (found.length === 0) {
      const { name } = controller.constructor;
      throw new TestTasksError(`${name} has no method under @TaskHandler or @EventHandler; give an instance of it.`);
    }
    for (const { name, method } of found) this.add(name, method.bind(controller));
  }
}

type Method = (...parameters: unknown[]) => unknown;

/** The nearest one of each name: an overridden method is no handler any more. */
function methodsOf(controller: object): Method[] {
  const methods = new Map<string, unknown>();
  for (let level = controller; level && level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (!methods.has(name)) methods.set(name, value);
    }
  }
  return [...methods.values()].filter((value): value is Method => typeof value === 'function');
}

function namesOf(method: Method): string[] {
  if (Reflect.getMetadata(TRANSPORT_METADATA, method) !== taskTransport) return [];
  return Reflect.getMetadata(PATTERN_METADATA, method) as string[];
}
