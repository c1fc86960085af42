import fc from 'fast-check';
import { defs, insideAmqplib, makeBodyFrame } from '../../test/amqplib-insides.js';
import { ackFrames } from '../consuming/ack-frames.js';
import { messageProperties } from './message-properties.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { PublishFrames } from './publish-frames.js';

const args = insideAmqplib('./lib/api_args.js') as {
  publish(exchange: string, routingKey: string, options: object): Record<string, unknown>;
};

function byAmqplib(channel: number, message: OutgoingMessage): Buffer {
  const fields = args.publish(message.exchange, message.routingKey, messageProperties(message));
  const method = defs.encodeMethod(defs.BasicPublish, channel, fields);
  const properties = defs.encodeProperties(defs.BasicProperties, channel, message.body.length, fields);
  const body = message.body.length > 0 ? [makeBodyFrame(channel, message.body)] : [];
  return Buffer.concat([method, properties, ...body]);
}

const text = (maxLength = 60) => fc.string({ unit: 'binary', maxLength });
const value = fc.oneof(
  text(),
  fc.boolean(),
  fc.integer({ min: -200, max: 200 }),
  fc.integer({ min: -40_000, max: 40_000 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constant(undefined),
);
const message: fc.Arbitrary<OutgoingMessage> = fc.record(
  {
    exchange: text(),
    routingKey: text(),
    body: fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
    messageId: text(),
    type: text(),
    appId: text(),
    timestamp: fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
    contentType: text(),
    correlationId: text(),
    replyTo: text(),
    priority: fc.integer({ min: 0, max: 255 }),
    headers: fc.dictionary(text(), value, { maxKeys: 10 }),
    mandatory: fc.boolean(),
  },
  { requiredKeys: ['exchange', 'routingKey', 'body'] },
);
const pieces = fc.array(fc.array(message, { minLength: 1, maxLength: 20 }), { maxLength: 10 });

describe('Frames of publishes', () => {
  it('are, byte for byte, what amqplib writes, also several as one piece', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), pieces, (channel, given) => {
        const frames = new PublishFrames(channel, 131_064);
        for (const messages of given) {
          for (const one of messages) expect(frames.add(one, messageProperties(one))).toBe(true);
          const expected = Buffer.concat(messages.map((one) => byAmqplib(channel, one)));
          expect(frames.take()?.equals(expected)).toBe(true);
          expect(frames.take()).toBeUndefined();
        }
      }),
    );
  });

  const plain = { exchange: 'e', routingKey: 'r', body: Buffer.from('{}') };
  it.each<[string, OutgoingMessage]>([
    ['a table', { ...plain, headers: { table: { a: 1 } } }],
    ['bytes', { ...plain, headers: { bytes: Buffer.from('a') } }],
    ['null', { ...plain, headers: { none: null } }],
    ['a fraction', { ...plain, headers: { fraction: 0.5 } }],
    ['a number beyond 53 bits', { ...plain, headers: { large: 2 ** 60 } }],
    ['minus zero', { ...plain, headers: { zero: -0 } }],
    ['a long header', { ...plain, headers: { long: 'x'.repeat(10_000) } }],
    ['many headers', { ...plain, headers: Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`h-${n}`, n])) }],
    ['a long name of a header', { ...plain, headers: { ['x'.repeat(300)]: 1 } }],
    ['a type that AMQP cannot hold', { ...plain, type: 'x'.repeat(300) }],
    ['a routing key that AMQP cannot hold', { ...plain, routingKey: 'Ж'.repeat(200) }],
    ['a large body', { ...plain, body: Buffer.alloc(20_000) }],
  ])('are left to amqplib for %s, and those before and behind are whole', (_, unusual) => {
    const frames = new PublishFrames(7, 131_064);
    expect(frames.add(plain, messageProperties(plain))).toBe(true);
    expect(frames.add(unusual, messageProperties(unusual))).toBe(false);
    expect(frames.add(plain, messageProperties(plain))).toBe(true);
    expect(frames.take()).toEqual(Buffer.concat([byAmqplib(7, plain), byAmqplib(7, plain)]));
  });

  it('tell apart what differs in its exchange, its routing key, or whether a queue must take it', () => {
    const frames = new PublishFrames(1, 131_064);
    const alike = [
      { exchange: 'a', routingKey: 'bc' },
      { exchange: 'ab', routingKey: 'c' },
      { exchange: 'a\0b', routingKey: 'c' },
      { exchange: 'a', routingKey: 'b\0c' },
    ].flatMap((names) => [true, false].map((mandatory) => ({ ...plain, ...names, mandatory })));
    // Twice, since what was seen before is kept.
    for (const message of [...alike, ...alike]) {
      expect(frames.add(message, messageProperties(message))).toBe(true);
      expect(frames.take()).toEqual(byAmqplib(1, message));
    }
  });

  it('never change what was taken before', () => {
    const frames = new PublishFrames(1, 131_064);
    const taken = Array.from({ length: 300 }, (_, n) => {
      const message = { ...plain, body: Buffer.alloc(1_000, n) };
      frames.add(message, messageProperties(message));
      return { bytes: frames.take()!, message };
    });
    for (const { bytes, message } of taken) expect(bytes.equals(byAmqplib(1, message))).toBe(true);
  });

  it('leave a body to amqplib that needs several frames', () => {
    const message = { ...plain, body: Buffer.alloc(5_000) };
    expect(new PublishFrames(1, 4_088).add(message, messageProperties(message))).toBe(false);
  });
});

describe('Frames of acks', () => {
  it('are, byte for byte, what amqplib writes', () => {
    const acks = [1, 255, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3].flatMap((tag) => [
      { tag, multiple: false },
      { tag, multiple: true },
    ]);
    const expected = acks.map(({ tag: deliveryTag, multiple }) =>
      defs.encodeMethod(defs.BasicAck, 65_535, { deliveryTag, multiple }),
    );
    expect(ackFrames(65_535, acks)).toEqual(Buffer.concat(expected));
  });
});
