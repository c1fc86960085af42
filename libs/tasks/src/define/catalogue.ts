import { ContractError, jsonSchemaOf } from './contract-rules.js';
import type { AnyEventContract } from './event-contract.js';
import type { RetryPolicy } from './retry-policy.js';
import type { Route } from './routing.js';
import { queueFor } from './routing.js';
import type { AnyTaskContract, RateLimit } from './task-contract.js';

/** Every task and event that one deployment knows, and the queues that they go to. */
export interface Catalogue {
  readonly tasks: ReadonlyMap<string, AnyTaskContract>;
  readonly events: ReadonlyMap<string, AnyEventContract>;
  readonly routes: readonly Route[];
  readonly queues: readonly string[];
}

/**
 * Gathers contracts into a catalogue.
 *
 * @throws {ContractError} a name is defined twice.
 */
export function defineCatalogue(parts: {
  readonly tasks: readonly AnyTaskContract[];
  readonly events: readonly AnyEventContract[];
  readonly routes: readonly Route[];
}): Catalogue {
  byName([...parts.tasks, ...parts.events]); // a message says its name alone, so tasks and events share them
  return Object.freeze({
    tasks: byName(parts.tasks),
    events: byName(parts.events),
    routes: parts.routes,
    queues: [...new Set(parts.routes.map(({ queue }) => queue))],
  });
}

function byName<C extends { readonly name: string }>(contracts: readonly C[]): ReadonlyMap<string, C> {
  const map = new Map<string, C>();
  for (const contract of contracts) {
    if (map.has(contract.name)) throw new ContractError(`"${contract.name}" is defined twice.`);
    map.set(contract.name, contract);
  }
  return map;
}

/**
 * The queue that a call sends a task to: the one that it wants, or the routing table's.
 *
 * @throws {RangeError} the table has no such queue.
 */
export function chooseQueue(
  { queues, routes }: Pick<Catalogue, 'queues' | 'routes'>,
  { name }: Pick<AnyTaskContract, 'name'>,
  wanted: string | undefined,
): string {
  if (wanted === undefined) return queueFor(routes, name);
  if (queues.includes(wanted)) return wanted;
  throw new RangeError(`There is no queue "${wanted}"; there are ${queues.join(', ')}.`);
}

/** A task type as REST clients and the schema export see it. */
export interface TaskTypeDescription {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly queue: string;
  readonly effects: string;
  readonly isolation: string;
  readonly sensitive: readonly string[];
  readonly timeLimit: { readonly softSeconds?: number; readonly hardSeconds: number };
  readonly retry: RetryPolicy;
  readonly rateLimit: RateLimit | null;
  /** How many of one key run at once; null without a key. */
  readonly concurrencyLimit: number | null;
  readonly payload: Record<string, unknown>;
  readonly result: Record<string, unknown>;
}

/** The catalogue of task types with JSON Schemas of payload and result, sorted by name. */
export function describeTasks(catalogue: Catalogue): TaskTypeDescription[] {
  return [...catalogue.tasks.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((task) => ({
      name: task.name,
      version: task.version,
      description: task.description,
      queue: queueFor(catalogue.routes, task.name),
      effects: task.effects,
      isolation: task.isolation,
      sensitive: task.sensitive,
      timeLimit: task.timeLimit,
      retry: task.retry,
      rateLimit: task.rateLimit ?? null,
      concurrencyLimit: task.concurrencyKey ? task.concurrencyLimit : null,
      payload: jsonSchemaOf(task.name, task.payload, 'input'),
      result: jsonSchemaOf(task.name, task.result),
    }));
}

/** An event as subscribers see it. */
export interface EventDescription {
  readonly name: string;
  readonly version: number;
  readonly payload: Record<string, unknown>;
}

/** The catalogue of events with JSON Schemas of their payloads, sorted by name. */
export function describeEvents(catalogue: Catalogue): EventDescription[] {
  return [...catalogue.events.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, version, payload }) => ({ name, version, payload: jsonSchemaOf(name, payload) }));
}
