import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { defs, insideAmqplib, makeBodyFrame } from '../../test/amqplib-insides.js';
import { readDeliveries } from './delivery-reader.js';
import { isSendable } from '../publishing/sendable-headers.js';
import { deepestTable } from './read-properties.js';

const { Connection } = insideAmqplib('./lib/connection.js') as {
  Connection: new (stream: PassThrough) => InnerConnection;
};
const { Channel } = insideAmqplib('./lib/channel_model.js') as {
  Channel: new (connection: InnerConnection) => InnerChannel;
};

interface InnerConnection {
  channels: ({ channel: InnerChannel } | null | undefined)[];
  accept(frame: { channel: number }): void;
  recvFrame(): object | false;
  acceptLoop(): void;
  on(event: 'frameError', listener: (error: Error) => void): void;
}
interface InnerChannel {
  allocate(): this;
  accept(frame: object): void;
  registerConsumer(tag: string, consumer: (message: ConsumeMessage) => void): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  toClosing(stack: string): void;
}

const omitted = 'x-omitted';
const channelCount = 3;
const tag = 'consumer-1';

/** A connection of amqplib's behind its handshake, with channels that note what they hear. */
function connected(ours: boolean) {
  const stream = new PassThrough();
  const connection = new Connection(stream);
  const heard: unknown[] = [];
  const accepted: object[] = [];
  connection.accept = (frame) => {
    accepted.push(frame);
    connection.channels[frame.channel]?.channel.accept(frame);
  };
  connection.on('frameError', (error) => heard.push(error.message));
  const channels = Array.from({ length: channelCount }, (_, index) => {
    const channel = new Channel(connection).allocate();
    channel.registerConsumer(tag, (message) => heard.push({ channel: index + 1, ...message }));
    for (const event of ['return', 'ack', 'error']) channel.on(event, (...args) => heard.push([event, ...args]));
    return channel;
  });
  if (ours) readDeliveries({ connection } as never, omitted);
  return { stream, connection, channels, heard, accepted };
}

async function hear(ours: boolean, chunks: readonly Buffer[]) {
  const { stream, connection, heard, accepted } = connected(ours);
  connection.acceptLoop();
  for (const chunk of chunks) {
    stream.write(chunk);
    await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  return { heard, accepted };
}

interface Message {
  channel: number;
  fields: object;
  properties: { headers?: object };
  body: Buffer;
  /** The largest piece of its body. */
  piece: number;
  returned: boolean;
}

const text = (maxLength = 40) => fc.string({ unit: 'binary', maxLength });
const name = text(40).filter((given) => Buffer.byteLength(given) <= 255 && given !== '__proto__');
const leaf = fc.oneof(
  text(200),
  fc.boolean(),
  fc.constant(null),
  fc.integer({ min: -200, max: 200 }),
  fc.integer({ min: -40_000, max: 40_000 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().filter((value) => isSendable(value)),
  fc.float({ noNaN: true }).map((value) => ({ '!': 'float', value })),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.nat().map((value) => ({ '!': 'timestamp', value })),
  fc.record({ places: fc.nat(255), digits: fc.nat() }).map((value) => ({ '!': 'decimal', value })),
);
const { table } = fc.letrec<{ table: Record<string, unknown>; value: unknown }>((tie) => ({
  table: fc.dictionary(name, tie('value'), { maxKeys: 6 }),
  value: fc.oneof({ maxDepth: 4 }, leaf, tie('table'), fc.array(tie('value'), { maxLength: 4 })),
}));
const short = text(40);
const properties = fc.record(
  {
    contentType: short,
    contentEncoding: short,
    headers: table,
    deliveryMode: fc.nat(255),
    priority: fc.nat(255),
    correlationId: short,
    replyTo: short,
    expiration: short,
    messageId: short,
    timestamp: fc.maxSafeInteger().filter((value) => value >= 0),
    type: short,
    userId: short,
    appId: short,
    clusterId: short,
  },
  { requiredKeys: [] },
);
const message: fc.Arbitrary<Message> = fc.record({
  channel: fc.integer({ min: 1, max: channelCount }),
  fields: fc.record({
    consumerTag: fc.constant(tag),
    deliveryTag: fc.maxSafeInteger().filter((value) => value >= 0),
    redelivered: fc.boolean(),
    exchange: short,
    routingKey: short,
    replyCode: fc.constant(312),
    replyText: fc.constant('NO_ROUTE'),
  }),
  properties,
  body: fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(6_000).map((length) => Buffer.alloc(length, 0xce)),
  ),
  piece: fc.oneof(fc.constant(131_064), fc.integer({ min: 20, max: 5_000 })),
  returned: fc.boolean(),
});

function framesOf({ channel, fields, properties: given, body, piece, returned }: Message): Buffer[] {
  const frames = [
    defs.encodeMethod(returned ? defs.BasicReturn : defs.BasicDeliver, channel, fields),
    defs.encodeProperties(defs.BasicProperties, channel, body.length, given),
  ];
  for (let at = 0; at < body.length; at += piece) frames.push(makeBodyFrame(channel, body.subarray(at, at + piece)));
  return frames;
}

const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);

/** Frames of several channels in turns, in the order that each channel has them. */
function interleaved(messages: readonly Message[], order: readonly number[]): Buffer {
  const waiting = new Map<number, Buffer[]>();
  for (const one of messages)
    waiting.set(one.channel, [...(waiting.get(one.channel) ?? []), ...framesOf(one), ackFrame(one.channel)]);
  const frames: Buffer[] = [];
  for (let turn = 0; waiting.size > 0; turn += 1) {
    const channels = [...waiting.keys()];
    const wish = order[turn % order.length]!;
    const channel = channels[wish % channels.length]!;
    const frame = waiting.get(channel)!.shift()!;
    frames.push(frame);
    if (wish % 7 === 0) frames.push(heartbeat);
    if (waiting.get(channel)!.length === 0) waiting.delete(channel);
  }
  return Buffer.concat(frames);
}

const ackFrame = (channel: number) => defs.encodeMethod(defs.BasicAck, channel, { deliveryTag: 3, multiple: false });

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const frame = (kind: number, channel: number, payload: Buffer) => {
  const start = Buffer.alloc(7);
  start.writeUInt8(kind, 0);
  start.writeUInt16BE(channel, 1);
  start.writeUInt32BE(payload.length, 3);
  return Buffer.concat([start, payload, Buffer.from([0xce])]);
};

/** A message whose headers are the bytes given, a table without its length, and that has an id. */
function withHeaders(headers: Buffer): Buffer {
  const start = Buffer.alloc(18);
  start.writeUInt16BE(60, 0);
  start.writeUInt32BE(2, 8);
  start.writeUInt16BE(0x2080, 12);
  start.writeUInt32BE(headers.length, 14);
  const id = Buffer.from('\x02id');
  return Buffer.concat([
    defs.encodeMethod(defs.BasicDeliver, 1, {
      consumerTag: tag,
      deliveryTag: 1,
      redelivered: false,
      exchange: 'e',
      routingKey: 'k',
    }),
    frame(2, 1, Buffer.concat([start, headers, id])),
    makeBodyFrame(1, Buffer.from('{}')),
  ]);
}

const nested = (levels: number): object => (levels === 0 ? { end: 1 } : { in: nested(levels - 1) });
const plain: Message = {
  channel: 1,
  fields: { consumerTag: tag, deliveryTag: 7, redelivered: false, exchange: 'e', routingKey: 'k' },
  properties: { headers: { a: 1 } },
  body: Buffer.from('{}'),
  piece: 131_064,
  returned: false,
};

describe('What a connection brings', () => {
  it('is heard as amqplib hears it, however its frames lie and wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 12 }),
        fc.array(fc.nat(50), { minLength: 1, maxLength: 30 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 })), { minLength: 4 }),
        async (messages, order, sizes) => {
          const bytes = interleaved(messages, order);
          const chunks = cut(bytes, bytes.length > 4_000 ? sizes.map((size) => size + 400) : sizes);
          expect((await hear(true, chunks)).heard).toEqual((await hear(false, chunks)).heard);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('goes straight to its consumer when the frames of a message lie one behind the other', async () => {
    const { heard, accepted } = await hear(true, [Buffer.concat([...framesOf(plain), ...framesOf(plain)])]);
    expect(heard).toHaveLength(2);
    expect(accepted).toEqual([]);
  });

  it('holds nothing of a header that no delivery needs, and all of what is returned', async () => {
    const headers = { a: 1, [omitted]: 'x', b: 2 };
    const given = { ...plain, properties: { headers } };
    const returned = { ...given, fields: { ...plain.fields, replyCode: 312, replyText: 'NO_ROUTE' }, returned: true };
    const { heard } = await hear(true, [...framesOf(given), ...framesOf(returned)]);
    expect((heard[0] as ConsumeMessage).properties.headers).toEqual({ a: 1, b: 2 });
    expect(heard[1]).toEqual(['return', expect.objectContaining({ properties: expect.objectContaining({ headers }) })]);
  });

  it.each([1, 2])('never becomes what headers inherit from, %i deep', async (depth) => {
    const odd = Buffer.concat([Buffer.from('\x09__proto__F\0\0\0\x04\x01at\x01'), Buffer.from('\x01bb\x02')]);
    const headers = depth === 1 ? odd : Buffer.concat([Buffer.from([1, 0x63, 0x46, 0, 0, 0, odd.length]), odd]);
    const { heard } = await hear(true, [withHeaders(headers)]);
    const read = (heard[0] as ConsumeMessage).properties.headers as Record<string, object>;
    const inner = depth === 1 ? read : read.c!;
    expect(inner).toEqual({ b: 2 });
    expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
  });

  it('can be read when it could be sent', () => {
    expect(isSendable(nested(deepestTable - 1))).toBe(false);
    expect(isSendable(nested(deepestTable - 2))).toBe(true);
  });

  it('has headers up to a depth that nobody means to have, and beyond it says why there are none', async () => {
    const most = { ...plain, properties: { headers: nested(deepestTable - 1) } };
    const tooMany = { ...plain, properties: { headers: nested(deepestTable), messageId: 'id' } };
    const { heard } = await hear(true, [...framesOf(most), ...framesOf(tooMany), ...framesOf(plain)]);
    expect(heard).toMatchObject([
      { properties: { headers: nested(deepestTable - 1), headersFault: undefined } },
      { properties: { messageId: 'id', headersFault: 'Its headers are nested more than 65 deep.' } },
      { properties: { headers: { a: 1 }, headersFault: undefined } },
    ]);
    expect((heard[1] as ConsumeMessage).properties.headers).toEqual({});
  });

  it.each([
    [
      'a type that is not known',
      Buffer.from('\x01aZ\x01'),
      'Its headers hold a value of a type that is not known, number 90.',
    ],
    ['a value beyond their end', Buffer.from('\x01aI\0\0'), 'Its headers are not as long as they say.'],
    ['a text beyond all', Buffer.from('\x01aS\x7f\xff\xff\xff', 'latin1'), 'Its headers are not as long as they say.'],
  ])('is a message without headers when they hold %s, and the next is whole', async (_, headers, headersFault) => {
    const { heard } = await hear(true, [withHeaders(headers), ...framesOf(plain)]);
    expect(heard).toMatchObject([
      { properties: { headers: {}, headersFault, messageId: 'id' }, content: Buffer.from('{}') },
      { properties: { headers: { a: 1 } } },
    ]);
  });

  it.each([
    ['a frame that does not end', Buffer.concat([frame(3, 1, Buffer.from('ab')).subarray(0, -1), Buffer.from([0])])],
    ['a frame beyond all bounds', Buffer.from([2, 0, 1, 0xff, 0, 0, 0])],
    ['a kind of frame that is not known', frame(77, 1, Buffer.from('ab'))],
  ])('ends with what amqplib says about %s', async (_, bytes) => {
    for (const before of [[], framesOf(plain), framesOf(plain).slice(0, 1), framesOf(plain).slice(0, 2)]) {
      const chunks = [...before, bytes];
      const { heard } = await hear(true, chunks);
      expect(heard).toEqual((await hear(false, chunks)).heard);
      expect(heard.at(-1)).toEqual(expect.any(String));
    }
  });

  it('is passed over on a channel that is being closed', async () => {
    const { stream, connection, channels, heard } = connected(true);
    channels[0]!.toClosing('');
    connection.acceptLoop();
    for (const bytes of [...framesOf(plain), ...framesOf({ ...plain, channel: 2 })]) stream.write(bytes);
    await new Promise(setImmediate);
    expect(heard).toMatchObject([{ channel: 2 }]);
  });

  it('is left to amqplib when the connection is being closed, and when its insides are others', async () => {
    const closing = connected(true);
    const frames: object[] = [];
    closing.connection.accept = (given) => frames.push(given);
    closing.connection.acceptLoop();
    closing.stream.write(Buffer.concat(framesOf(plain)));
    await new Promise(setImmediate);
    expect(frames).toHaveLength(3);
    expect(closing.heard).toEqual([]);

    const { connection } = connected(false);
    const { recvFrame } = connection;
    Object.assign(connection, { rest: 'text' });
    readDeliveries({ connection } as never, omitted);
    expect(connection.recvFrame).toBe(recvFrame);
  });
});
