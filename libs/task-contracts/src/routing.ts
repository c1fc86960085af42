import { ContractError } from './contract-rules.js';

/** One row of the ordered routing table: the first pattern that fits a task's name decides its queue. */
export interface Route {
  /** A task name, `<domain>.*`, or `*` for everything. */
  readonly pattern: string;
  readonly queue: string;
}

const fits = (pattern: string, name: string): boolean =>
  pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)));

/**
 * Checks an ordered routing table: patterns that can fit, queue names without dots, and `*` last so that every task has a queue.
 *
 * @throws {ContractError}
 */
export function defineRouting(routes: readonly Route[]): readonly Route[] {
  if (routes.at(-1)?.pattern !== '*')
    throw new ContractError('The last route must be "*", so that every task has a queue.');
  for (const { pattern, queue } of routes) {
    assertPattern(pattern);
    if (!/^[a-z][a-z0-9-]*$/.test(queue)) throw new ContractError(`"${queue}" is no queue name: lower case, no dots.`);
  }
  return Object.freeze([...routes]);
}

/** A pattern of any other form would fit nothing, and its tasks would silently take the last route. */
function assertPattern(pattern: string): void {
  if (pattern !== '*' && !/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*(\.\*)?$/.test(pattern)) {
    throw new ContractError(`"${pattern}" is no pattern of a route: write a task's name, "<domain>.*" or "*".`);
  }
}

/** The queue of a task by the routing table. */
export function queueFor(routes: readonly Route[], taskName: string): string {
  const route = routes.find(({ pattern }) => fits(pattern, taskName));
  if (!route) throw new ContractError(`No route fits the task "${taskName}".`);
  return route.queue;
}
