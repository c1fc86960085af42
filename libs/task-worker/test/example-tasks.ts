import { z } from 'zod';
import { defineCatalogue, defineEvent, defineRouting, defineTask } from '@mentorhub/task-contracts';

/** What most tests want: a failure is the end. Those of retries say so in the call. */
const retry = { maxRetries: 0 };

/** Contracts that the runtime's own tests run. */
export const Record = defineTask({
  name: 'ledger.record',
  version: 1,
  retry,
  effects: 'database',
  payload: z.strictObject({ note: z.string(), times: z.int().default(1) }),
  result: z.strictObject({ written: z.int() }),
});

export const Call = defineTask({
  name: 'outside.call',
  version: 1,
  retry,
  effects: 'external',
  onAmbiguous: 'again',
  payload: z.strictObject({ note: z.string(), secret: z.string().optional() }),
  sensitive: ['secret'],
});

export const Book = defineTask({
  name: 'outside.book',
  version: 1,
  retry,
  effects: 'external',
  onAmbiguous: 'park',
  payload: z.strictObject({ note: z.string() }),
});

export const Ping = defineTask({
  name: 'light.ping',
  version: 1,
  retry,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
});

/** Its signal fires soon. */
export const Warned = defineTask({
  name: 'light.warned',
  version: 1,
  retry,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { softSeconds: 0.2, hardSeconds: 60 },
});

/** At most 20 a second. */
export const Limited = defineTask({
  name: 'light.limited',
  version: 1,
  retry,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
  rateLimit: { limit: 20 },
});

/** One in three seconds. */
export const Rare = defineTask({
  name: 'light.rare',
  version: 1,
  retry,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
  rateLimit: { limit: 1, perSeconds: 3 },
});

/** One of each note at once. */
export const ByKey = defineTask({
  name: 'ledger.by-key',
  version: 1,
  retry,
  effects: 'database',
  payload: z.strictObject({ note: z.string() }),
  concurrencyKey: ({ note }) => {
    if (note === 'without a key') throw new TypeError('There is none.');
    return note;
  },
});

/** Inline handlers with little time. */
export const Brief = defineTask({
  name: 'ledger.brief',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { hardSeconds: 1 },
});

export const BriefCall = defineTask({
  name: 'outside.brief',
  version: 1,
  effects: 'external',
  onAmbiguous: 'again',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { hardSeconds: 1 },
});

export const BriefPing = defineTask({
  name: 'light.brief',
  version: 1,
  effects: 'idempotent',
  payload: z.strictObject({ note: z.string() }),
  timeLimit: { hardSeconds: 1 },
});

/** Every policy as it is when a contract says nothing. */
export const ByDefault = defineTask({
  name: 'ledger.by-default',
  version: 1,
  effects: 'database',
  payload: z.strictObject({ note: z.string() }),
});

/** Does in a thread one of the things that `threads/act.ts` knows. */
export const Act = defineTask({
  name: 'isolated.act',
  version: 1,
  retry,
  effects: 'idempotent',
  isolation: 'thread',
  payload: z.strictObject({ act: z.string(), amount: z.int().default(0) }),
  result: z.strictObject({ thread: z.int(), said: z.string().optional() }),
  timeLimit: { softSeconds: 1, hardSeconds: 120 },
});

/** As `Act`, at most 50 a second. */
export const ActLimited = defineTask({
  name: 'isolated.act-limited',
  version: 1,
  retry,
  effects: 'idempotent',
  isolation: 'thread',
  payload: Act.payload,
  result: Act.result,
  rateLimit: { limit: 50 },
});

/** As `Act`, and ended soon. */
export const ActBriefly = defineTask({
  name: 'isolated.act-briefly',
  version: 1,
  retry,
  effects: 'idempotent',
  isolation: 'thread',
  payload: Act.payload,
  result: Act.result,
  timeLimit: { hardSeconds: 10 },
});

/** Writes into a file, from a thread. */
export const Upload = defineTask({
  name: 'isolated.upload',
  version: 1,
  retry,
  effects: 'external',
  onAmbiguous: 'again',
  isolation: 'thread',
  payload: z.strictObject({
    to: z.string(),
    after: z.string().optional(),
    until: z.string().optional(),
    /** Whether the call fails when the signal fires; the handler then takes it lightly. */
    heedful: z.boolean().optional(),
    /** What it does after its call. */
    then: z.enum(['exit', 'hang']).optional(),
  }),
  timeLimit: { hardSeconds: 30 },
});

/** As `Upload`, for a person to decide, and ended soon. */
export const UploadBriefly = defineTask({
  name: 'isolated.upload-briefly',
  version: 1,
  effects: 'external',
  onAmbiguous: 'park',
  isolation: 'thread',
  payload: Upload.payload,
  timeLimit: { hardSeconds: 3 },
});

export const Recorded = defineEvent({
  name: 'ledger.recorded',
  version: 1,
  payload: z.strictObject({ note: z.string() }),
});

export const catalogue = defineCatalogue({
  tasks: [
    Record,
    Call,
    Book,
    Ping,
    Warned,
    ByDefault,
    Act,
    ActBriefly,
    ActLimited,
    Upload,
    UploadBriefly,
    Limited,
    Rare,
    ByKey,
    Brief,
    BriefCall,
    BriefPing,
  ],
  events: [Recorded],
  routes: defineRouting([
    { pattern: 'outside.*', queue: 'outside' },
    { pattern: 'isolated.*', queue: 'isolated' },
    { pattern: '*', queue: 'work' },
  ]),
});

export const exchanges = {
  tasks: 'tasks',
  events: 'events',
  taskEvents: 'task-events',
  deadLetters: 'dead-letters',
  control: 'control',
};

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };
const workQueues = ['work', 'outside', 'isolated', 'listeners'];

export const topology = {
  exchanges: Object.values(exchanges).map((name) => ({ name, type: 'topic' as const })),
  queues: ['dead-letters', 'task-events', ...workQueues].map((name) => ({ name, arguments: quorum })),
  bindings: [
    { exchange: 'dead-letters', routingKey: '#', queue: 'dead-letters' },
    { exchange: 'task-events', routingKey: '#', queue: 'task-events' },
    { exchange: 'tasks', routingKey: 'work.#', queue: 'work' },
    { exchange: 'tasks', routingKey: 'outside.#', queue: 'outside' },
    { exchange: 'tasks', routingKey: 'isolated.#', queue: 'isolated' },
    { exchange: 'events', routingKey: Recorded.name, queue: 'listeners' },
  ],
};
