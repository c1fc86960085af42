import { z } from 'zod';
import { defineCatalogue, defineEvent, defineRouting, defineTask } from '../src/define/index.js';

/** Contracts that the runtime's own tests run. */
export const Record = defineTask({
  name: 'ledger.record',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ note: z.string(), times: z.int().default(1) }),
  result: z.strictObject({ written: z.int() }),
});

export const Call = defineTask({
  name: 'outside.call',
  version: 1,
  effects: 'external',
  onAmbiguous: 'again',
  payload: z.strictObject({ note: z.string(), secret: z.string().optional() }),
  sensitive: ['secret'],
});

export const Book = defineTask({
  name: 'outside.book',
  version: 1,
  effects: 'external',
  onAmbiguous: 'park',
  payload: z.strictObject({ note: z.string() }),
});

export const Ping = defineTask({
  name: 'light.ping',
  version: 1,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { softSeconds: 0.2, hardSeconds: 60 },
});

export const Recorded = defineEvent({
  name: 'ledger.recorded',
  version: 1,
  payload: z.strictObject({ note: z.string() }),
});

export const catalogue = defineCatalogue({
  tasks: [Record, Call, Book, Ping],
  events: [Recorded],
  routes: defineRouting([
    { pattern: 'outside.*', queue: 'outside' },
    { pattern: '*', queue: 'work' },
  ]),
});

export const exchanges = { tasks: 'tasks', events: 'events', taskEvents: 'task-events', deadLetters: 'dead-letters' };

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };
const workQueues = ['work', 'outside', 'listeners'];

export const topology = {
  exchanges: Object.values(exchanges).map((name) => ({ name, type: 'topic' as const })),
  queues: ['dead-letters', 'task-events', ...workQueues].map((name) => ({ name, arguments: quorum })),
  bindings: [
    { exchange: 'dead-letters', routingKey: '#', queue: 'dead-letters' },
    { exchange: 'task-events', routingKey: '#', queue: 'task-events' },
    { exchange: 'tasks', routingKey: 'work.#', queue: 'work' },
    { exchange: 'tasks', routingKey: 'outside.#', queue: 'outside' },
    { exchange: 'events', routingKey: Recorded.name, queue: 'listeners' },
  ],
};
