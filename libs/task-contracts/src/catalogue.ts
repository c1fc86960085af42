import { ContractError, jsonSchemaOf } from './contract-rules.js';
import type { AnyEventContract } from './event-contract.js';
import type { RetryPolicy } from './retry-policy.js';
import type { Route } from './routing.js';
import { queueFor } from './routing.js';
import type { RateLimit } from './flow-limits.js';
import type { AnyTaskContract } from './task-contract.js';

/** A service: the tasks that it has handlers of, and the queues that it consumes. */
export interface TaskConsumer {
  readonly service: string;
  readonly tasks: readonly Pick<AnyTaskContract, 'name'>[];
  readonly queues: readonly string[];
}

/** Every task and event that one deployment knows, and the queues that they go to. */
export interface Catalogue {
  readonly tasks: ReadonlyMap<string, AnyTaskContract>;
  readonly events: ReadonlyMap<string, AnyEventContract>;
  readonly routes: readonly Route[];
  readonly queues: readonly string[];
  /** Empty: nobody has said who consumes what, and a task may go to any queue. */
  readonly consumers: readonly TaskConsumer[];
}

/**
 * Gathers contracts into a catalogue.
 *
 * @throws {ContractError} a name is defined twice, or a route leads to a queue where no handler is.
 */
export function defineCatalogue(parts: {
  readonly tasks: readonly AnyTaskContract[];
  readonly events: readonly AnyEventContract[];
  readonly routes: readonly Route[];
  readonly consumers?: readonly TaskConsumer[];
}): Catalogue {
  byName([...parts.tasks, ...parts.events]); // a message says its name alone, so tasks and events share them
  const catalogue = Object.freeze({
    tasks: byName(parts.tasks),
    events: byName(parts.events),
    routes: parts.routes,
    queues: [...new Set(parts.routes.map(({ queue }) => queue))],
    consumers: parts.consumers ?? [],
  });
  assertRoutesLead(catalogue);
  return catalogue;
}

/** A task in a queue where nobody has its handler would fail each attempt there. */
function assertRoutesLead(catalogue: Catalogue): void {
  const { consumers, queues, routes, tasks } = catalogue;
  if (consumers.length === 0) return;
  const deserted = queues.find((queue) => !consumers.some((one) => one.queues.includes(queue)));
  if (deserted) throw new ContractError(`A route leads to the queue "${deserted}", which no service consumes.`);
  for (const name of tasks.keys()) {
    const fault = queueFault(catalogue, name, queueFor(routes, name));
    if (fault) throw new ContractError(`The routes do not fit: ${fault}.`);
  }
}

/** Why a task cannot go to a queue, with those that fit; undefined when it can. */
export function queueFault(
  { queues, consumers }: Pick<Catalogue, 'queues' | 'consumers'>,
  task: string,
  queue: string,
): string | undefined {
  if (!queues.includes(queue)) return `there is no queue "${queue}"; there are ${queues.join(', ')}`;
  if (consumers.length === 0) return undefined;
  const fitting = consumers.filter(({ tasks }) => tasks.some(({ name }) => name === task)).flatMap((one) => one.queues);
  if (fitting.includes(queue)) return undefined;
  const instead = fitting.length > 0 ? `those that fit are ${fitting.join(', ')}` : 'no service has one';
  return `the queue "${queue}" is consumed by no handler of "${task}"; ${instead}`;
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
 * @throws {RangeError} the table has no such queue, or no handler of the task consumes it.
 */
export function chooseQueue(
  catalogue: Pick<Catalogue, 'queues' | 'routes' | 'consumers'>,
  { name }: Pick<AnyTaskContract, 'name'>,
  wanted: string | undefined,
): string {
  if (wanted === undefined) return queueFor(catalogue.routes, name);
  const fault = queueFault(catalogue, name, wanted);
  if (fault) throw new RangeError(`${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`);
  return wanted;
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
