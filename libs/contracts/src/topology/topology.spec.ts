import { catalogue } from '../catalogue.js';
import { exchanges, streams, subscriptions, topology } from './topology.js';

const queue = (name: string) => topology.queues.find((found) => found.name === name);
const bindingsOf = (name: string) => topology.bindings.filter((binding) => binding.queue === name);
const workQueues = [...catalogue.queues, ...new Set(subscriptions.map((subscription) => subscription.queue))];

describe("MentorHub's topology", () => {
  it('has exchanges, queues and bindings that are each there once', () => {
    const once = (names: string[]) => expect(names).toEqual([...new Set(names)]);
    once(topology.exchanges.map(({ name }) => name));
    once(topology.queues.map(({ name }) => name));
    once(topology.bindings.map((binding) => JSON.stringify(binding)));
  });

  it('binds nothing that it does not declare', () => {
    for (const { exchange, queue: bound } of topology.bindings) {
      expect(topology.exchanges.map(({ name }) => name)).toContain(exchange);
      expect(queue(bound)).toBeDefined();
    }
  });

  it.each(catalogue.queues)('brings the tasks of the queue "%s" to it, and to it alone', (name) => {
    expect(queue(name)).toBeDefined();
    expect(bindingsOf(name)).toEqual([{ exchange: exchanges.tasks, routingKey: `${name}.#`, queue: name }]);
  });

  it('binds every queue', () => {
    for (const { name } of topology.queues) expect(bindingsOf(name).length).toBeGreaterThan(0);
  });

  it('subscribes queues only to events that exist', () => {
    for (const { event, queue: subscriber } of subscriptions) {
      expect(catalogue.events.has(event)).toBe(true);
      expect(topology.bindings).toContainEqual({ exchange: exchanges.events, routingKey: event, queue: subscriber });
    }
  });

  it('has durable quorum queues with a positive delivery limit each: 100 for work, far away for streams', () => {
    for (const { name, arguments: settings } of topology.queues) {
      const limit = workQueues.includes(name) ? 100 : 1_000_000_000;
      expect(settings).toMatchObject({ 'x-queue-type': 'quorum', 'x-delivery-limit': limit });
    }
  });

  it.each(workQueues)(
    'dead-letters what is delivered too often from "%s", at least once, under a key that is routable',
    (name) => {
      expect(queue(name)?.arguments).toMatchObject({
        'x-dead-letter-exchange': exchanges.deadLetters,
        'x-dead-letter-routing-key': name,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish', // without it the broker silently falls back to at-most-once
      });
    },
  );

  it('keeps dead letters and task events in queues that drop nothing', () => {
    for (const name of [streams.deadLetters, streams.taskEvents]) {
      expect(Object.keys(queue(name)!.arguments)).toEqual(['x-queue-type', 'x-delivery-limit']);
      expect(bindingsOf(name)).toEqual([{ exchange: name, routingKey: '#', queue: name }]);
    }
  });

  it('declares the queue of dead letters before the queues that need it', () => {
    expect(topology.queues[0]?.name).toBe(streams.deadLetters);
  });

  it('has names in lower case without dots: the delay ladder and routing keys count on it', () => {
    for (const { name } of [...topology.exchanges, ...topology.queues]) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  });
});
