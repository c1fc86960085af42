import { catalogue } from '@mentorhub/contracts';
import { taskHeaders } from '@mentorhub/task-store';
import { amqp, fields, type AmqpValue, type RawMessage, type RawProperties } from '@mentorhub/testing';
import { createHash } from 'node:crypto';

/** A table with names that mean something to JavaScript: whatever converts it throws. */
const namesOfMethods = amqp.table(
  ['toString', 'valueOf', 'toJSON', 'then', 'length', 'constructor'].map((name) => [name, amqp.text('t')]),
);

/**
 * Every type of AMQP, at its edges. Left out is what ends connections or workers of RabbitMQ itself: numbers that are none,
 * what RabbitMQ reads for itself (deaths, carbon copies, expiration), and tables that are nested without end.
 */
const values: readonly AmqpValue[] = [
  ...['', '1', '-1', '1e9', 'Infinity', '{', 'null', '[]', '{"maxRetries":{}}', '0000-01-01T00:00:00Z', 'nul \0'].map(
    amqp.text,
  ),
  amqp.text(Buffer.from([0xff, 0xfe, 0xed])),
  amqp.text(Buffer.alloc(12_000, 0xff)),
  amqp.bytes(Buffer.from([0, 255])),
  amqp.boolean(true),
  amqp.boolean(false),
  amqp.int8(-1),
  amqp.uint8(255),
  amqp.int16(-(2 ** 15)),
  amqp.uint16(2 ** 16 - 1),
  amqp.int32(2 ** 31 - 1),
  amqp.uint32(2 ** 32 - 1),
  amqp.int64(-(2n ** 63n)),
  amqp.int64(2n ** 63n - 1n),
  amqp.float(0.5),
  amqp.double(-1e300),
  amqp.double(1e300),
  amqp.decimal(255, 2 ** 32 - 1),
  amqp.timestamp(0n),
  amqp.timestamp(2n ** 63n - 1n),
  amqp.timestamp(2n ** 64n - 1n),
  amqp.nothing(),
  amqp.array(),
  amqp.array(namesOfMethods, namesOfMethods),
  amqp.table([]),
  namesOfMethods,
  amqp.table([['!', amqp.text('unheard-of')]]),
  amqp.table([
    ['!', amqp.text('timestamp')],
    ['value', amqp.text('noon')],
  ]),
  amqp.table([[Buffer.alloc(255, 0xff), amqp.nothing()]]),
];

const headerNames = [
  ...Object.values(taskHeaders),
  'traceparent',
  'tracestate',
  'baggage',
  'x-delivery-count',
  'x-acquired-count',
  'x-publish-tag',
  'tenant',
  'toString',
  Buffer.alloc(200, 0xff),
];

const oddProperties: readonly RawProperties[] = [
  {},
  { timestamp: 2n ** 64n - 1n },
  { timestamp: 2n ** 40n },
  { messageId: Buffer.alloc(255, 0xff) },
  { messageId: '' },
  { type: Buffer.alloc(255, 0xff) },
  { type: '__proto__' },
  { correlationId: Buffer.alloc(255, 0xff), replyTo: Buffer.alloc(255, 0xff) },
  { appId: Buffer.alloc(255, 0xff), contentType: Buffer.alloc(255, 0xff) },
  { priority: 255 },
];

export interface OddMessage extends RawMessage {
  /** Stands in its body, and nowhere else. */
  readonly marker: string;
}

/**
 * `count` messages straight into the queues: each header with each type in each queue, and odd properties and bodies, in an
 * order that follows from the seed. None can be done.
 */
export function oddMessages(queues: readonly string[], count: number, seed: string): OddMessage[] {
  const combinations = headerNames.length * values.length * queues.length;
  const chosen = Array.from({ length: Math.ceil(count / combinations) }, (_, round) =>
    shuffled(combinations, `${seed}/${round}`),
  );
  return chosen
    .flat()
    .slice(0, count)
    .map((combination, n) => oddMessage(queues, combination, n, `${seed}/${n}`));
}

function oddMessage(queues: readonly string[], combination: number, n: number, seed: string): OddMessage {
  const queue = queues[combination % queues.length]!;
  const header = headerNames[Math.floor(combination / queues.length) % headerNames.length]!;
  const value = values[Math.floor(combination / queues.length / headerNames.length)]!;
  const marker = `odd-${n}-`;
  const choose = <T>(from: readonly T[], what: string): T => from[numberOf(`${seed}/${what}`) % from.length]!;
  const good = [
    [taskHeaders.version, amqp.int32(1)],
    [taskHeaders.run, amqp.int32(1)],
    [taskHeaders.attempt, amqp.int32(1)],
    [taskHeaders.dueAt, amqp.text(new Date().toISOString())],
  ] as const;
  const properties: RawProperties = {
    deliveryMode: 2,
    messageId: uuidOf(seed),
    type: choose([...catalogue.tasks.keys(), ...catalogue.events.keys()], 'type'),
    headers: fields([...good.filter(([name]) => name !== header), [header, value]]),
    ...choose(oddProperties, 'property'),
  };
  return { exchange: '', routingKey: queue, properties, body: choose(bodies, 'body')(marker), marker };
}

const bodies: readonly ((marker: string) => Buffer)[] = [
  (marker) => Buffer.from(JSON.stringify({ marker })),
  (marker) => Buffer.from(JSON.stringify([{ marker }])),
  (marker) => Buffer.from(JSON.stringify({ marker, nul: '\0', lone: '\ud800' })),
  (marker) => Buffer.concat([Buffer.from(marker), Buffer.from([0, 255])]),
];

const numberOf = (seed: string): number => createHash('sha256').update(seed).digest().readUInt32BE(0);

function uuidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The whole numbers below `length` in an order that follows from the seed. */
function shuffled(length: number, seed: string): number[] {
  const drawn = Array.from({ length }, (_, n) => ({ n, place: numberOf(`${seed}/${n}`) }));
  return drawn.sort((one, other) => one.place - other.place).map(({ n }) => n);
}
