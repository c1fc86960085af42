import { mergeTopologies, type Topology } from './topology.js';

const email: Topology = {
  exchanges: [{ name: 'tasks', type: 'topic' }],
  queues: [{ name: 'email', arguments: { 'x-queue-type': 'quorum' } }],
  bindings: [{ exchange: 'tasks', routingKey: 'email.#', queue: 'email' }],
};

describe('merging topologies', () => {
  it('has each exchange, queue and binding once', () => {
    const analytics: Topology = {
      exchanges: [{ name: 'tasks', type: 'topic' }],
      queues: [{ name: 'analytics', arguments: {} }],
      bindings: [{ exchange: 'tasks', routingKey: 'analytics.#', queue: 'analytics' }],
    };
    expect(mergeTopologies(email, analytics, email)).toEqual({
      exchanges: [{ name: 'tasks', type: 'topic' }],
      queues: [...email.queues, ...analytics.queues],
      bindings: [...email.bindings, ...analytics.bindings],
    });
  });

  it('keeps a binding to a queue apart from one to an exchange of the same name', () => {
    const toExchange: Topology = {
      exchanges: [],
      queues: [],
      bindings: [{ exchange: 'tasks', routingKey: 'email.#', toExchange: 'email' }],
    };
    expect(mergeTopologies(email, toExchange).bindings).toHaveLength(2);
  });

  it('refuses two different definitions of one name, naming it', () => {
    const other: Topology = { ...email, queues: [{ name: 'email', arguments: { 'x-queue-type': 'classic' } }] };
    expect(() => mergeTopologies(email, other)).toThrow('The queue "email" is defined twice');
  });
});
