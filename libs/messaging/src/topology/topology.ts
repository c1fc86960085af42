import { isDeepStrictEqual } from 'node:util';

/** A durable topic exchange. What it cannot route goes to `alternateExchange`, which also suppresses the return of mandatory messages. */
export interface ExchangeDefinition {
  name: string;
  type: 'topic';
  alternateExchange?: string;
}

/** A durable queue. Its arguments cannot be changed once it exists: version the name of a queue whose arguments may change. */
export interface QueueDefinition {
  name: string;
  arguments: Record<string, unknown>;
}

/** From an exchange to a queue, or to another exchange. */
export type BindingDefinition =
  | { exchange: string; routingKey: string; queue: string }
  | { exchange: string; routingKey: string; toExchange: string };

/** Everything that must exist on the broker, as data. */
export interface Topology {
  exchanges: ExchangeDefinition[];
  queues: QueueDefinition[];
  bindings: BindingDefinition[];
}

/** One topology of several. The same definition may occur in many; two different ones under one name throw. */
export function mergeTopologies(...topologies: Topology[]): Topology {
  return {
    exchanges: mergeByName(
      'exchange',
      topologies.flatMap((topology) => topology.exchanges),
    ),
    queues: mergeByName(
      'queue',
      topologies.flatMap((topology) => topology.queues),
    ),
    bindings: distinct(topologies.flatMap((topology) => topology.bindings)),
  };
}

function mergeByName<T extends { name: string }>(kind: string, definitions: T[]): T[] {
  const byName = new Map<string, T>();
  for (const definition of definitions) {
    const known = byName.get(definition.name);
    if (known && !isDeepStrictEqual(known, definition)) {
      throw new Error(`The ${kind} "${definition.name}" is defined twice with different settings: keep one of them.`);
    }
    byName.set(definition.name, definition);
  }
  return [...byName.values()];
}

function distinct(bindings: BindingDefinition[]): BindingDefinition[] {
  const byText = new Map(bindings.map((binding) => [bindingText(binding), binding]));
  return [...byText.values()];
}

function bindingText(binding: BindingDefinition): string {
  const target = 'queue' in binding ? ['queue', binding.queue] : ['exchange', binding.toExchange];
  return JSON.stringify([binding.exchange, binding.routingKey, ...target]);
}
