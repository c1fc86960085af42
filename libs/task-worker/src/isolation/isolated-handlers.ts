import type { Logger } from '@mentorhub/service';
import { existsSync } from 'node:fs';
import { queueFor, type AnyTaskContract, type Catalogue } from '@mentorhub/task-contracts';
import type { HandlerCall } from '../running/run-handler.js';
import { HandlerConfigurationError } from '../job/handler-configuration-error.js';
import type { ThreadHandlerRegistration } from './thread-handler.js';
import type { ThreadOptions } from './thread-options.js';
import { ThreadPool } from './thread-pool.js';
import type { ThreadSlots } from './thread-slots.js';

export interface IsolatedHandlersOptions {
  readonly catalogue: Catalogue;
  /** The queues that this process consumes. */
  readonly queues: Readonly<Record<string, unknown>>;
  readonly threadHandlers?: readonly ThreadHandlerRegistration[];
  readonly threads?: ThreadOptions;
  readonly taskLogger: Logger;
}

/**
 * The handlers of this process that run in threads.
 *
 * @throws {HandlerConfigurationError} a handler is missing, named twice, or of a task that is not isolated.
 */
export class IsolatedHandlers {
  private readonly modules = new Map<string, ThreadHandlerRegistration>();
  private readonly pool: ThreadPool;

  constructor(private readonly options: IsolatedHandlersOptions) {
    const { catalogue, threadHandlers = [], threads, taskLogger: logger } = options;
    for (const registration of threadHandlers) this.register(registration);
    for (const contract of catalogue.tasks.values()) this.assertHandled(contract);
    this.pool = new ThreadPool({ ...threads, logger, contractOf: (name) => catalogue.tasks.get(name) });
  }

  /** A thread for each attempt; taken before the attempt is claimed. */
  get slots(): ThreadSlots {
    return this.pool.slots;
  }

  handlerOf(name: string): HandlerCall | undefined {
    const found = this.modules.get(name);
    if (!found) return undefined;
    const { module, contract } = found;
    const { hardSeconds } = contract.timeLimit;
    return (payload, context) => this.pool.run({ module, payload, context, hardSeconds });
  }

  /** @throws {HandlerConfigurationError} the task is isolated, so a method of a controller would never run it. */
  assertInline(name: string): void {
    if (this.options.catalogue.tasks.get(name)?.isolation !== 'thread') return;
    throw new HandlerConfigurationError(
      `"${name}" runs in a thread, so no method can handle it; write its handler as a module and name it in threadHandlers.`,
    );
  }

  /**
   * Imports every module in a thread, so that one that cannot be imported is noticed at the start and not by its first task.
   *
   * @throws {HandlerConfigurationError} naming the task, the module and what is wrong with it.
   */
  async load(): Promise<void> {
    for (const { contract, module } of this.modules.values()) {
      await this.pool.load(module).catch((cause: Error) => {
        const from = `The handler of "${contract.name}" cannot be imported from ${module.href}`;
        throw new HandlerConfigurationError(`${from}: ${cause.message}`, { cause });
      });
    }
  }

  /** Ends the threads. Call it when nothing runs any more. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private register(registration: ThreadHandlerRegistration): void {
    const { contract, module } = registration;
    const { name } = contract;
    if (contract.isolation !== 'thread')
      throw new HandlerConfigurationError(
        `"${name}" is in threadHandlers and its contract does not say isolation: 'thread'.`,
      );
    if (this.options.catalogue.tasks.get(name) !== contract)
      throw new HandlerConfigurationError(`"${name}" is in threadHandlers and not in the catalogue.`);
    if (this.modules.has(name))
      throw new HandlerConfigurationError(`"${name}" is in threadHandlers twice; remove one of them.`);
    if (!existsSync(module))
      throw new HandlerConfigurationError(
        `The handler of "${name}" is to be in ${module.href}; there is no such file.`,
      );
    this.modules.set(name, registration);
  }

  private assertHandled({ name, isolation }: AnyTaskContract): void {
    const { catalogue, queues } = this.options;
    const queue = queueFor(catalogue.routes, name);
    if (isolation !== 'thread' || this.modules.has(name) || !(queue in queues)) return;
    throw new HandlerConfigurationError(
      `"${name}" runs in a thread and this process consumes its queue "${queue}"; name its handler's module in threadHandlers.`,
    );
  }
}
