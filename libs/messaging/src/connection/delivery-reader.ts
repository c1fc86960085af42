import type { Readable } from 'node:stream';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import {
  basicClass,
  basicDeliver,
  frameBody,
  frameEnd,
  frameHeader,
  frameMethod,
  frameOverhead,
  frameStart,
} from './frame-format.js';
import { KnownTexts } from './known-texts.js';
import { PropertiesReader } from './read-properties.js';

type Frame = object;

interface Channel {
  readonly consumers?: ReadonlyMap<string, (message: ConsumeMessage) => void>;
}

/** What amqplib's connection has and does not declare. */
interface Connection {
  readonly channels: readonly ({ readonly channel: Channel } | null | undefined)[];
  readonly stream: Readable;
  readonly maxFrameSize: number;
  readonly accept: unknown;
  /** What was read and not decoded yet. */
  rest: Buffer;
  recvSinceLastCheck: boolean;
  recvFrame(): Frame | false;
}

/** Behind the start of a header frame: its class, its weight, and the size of the body. */
const bodySizeAt = 4;
const flagsAt = 12;

/**
 * Reads what a connection brings in amqplib's place. Deliveries go straight to their consumers; all else is amqplib's, but
 * that properties are always read here: headers that amqplib could not read would end the connection, as often as their message
 * is delivered. It knows amqplib's insides, of the version that package.json names: where they are not as they were, amqplib
 * goes on as it does.
 *
 * @param omittedHeader one that no delivery needs; what is returned keeps it
 */
export function readDeliveries({ connection }: ChannelModel, omittedHeader: string): void {
  const inner = connection as unknown as Connection;
  if (!isKnown(inner)) return;
  const reader = new DeliveryReader(inner, omittedHeader);
  inner.recvFrame = () => reader.next();
}

function isKnown({ channels, stream, maxFrameSize, accept, rest, recvSinceLastCheck, recvFrame }: Connection): boolean {
  return (
    Array.isArray(channels) &&
    typeof stream?.read === 'function' &&
    typeof maxFrameSize === 'number' &&
    typeof accept === 'function' &&
    Buffer.isBuffer(rest) &&
    typeof recvSinceLastCheck === 'boolean' &&
    typeof recvFrame === 'function'
  );
}

const incomplete = Symbol('more bytes are needed');
const delivered = Symbol('it went to its consumer');

class DeliveryReader {
  private bytes: Buffer;
  private at = 0;
  private readonly texts = new KnownTexts();
  private readonly properties: PropertiesReader;
  private readonly recvFrame: () => Frame | false;
  /** Another takes its place when the connection is being closed. */
  private readonly accept: unknown;

  constructor(
    private readonly connection: Connection,
    private readonly omittedHeader: string,
  ) {
    this.bytes = connection.rest;
    this.recvFrame = connection.recvFrame.bind(connection);
    this.accept = connection.accept;
    this.properties = new PropertiesReader(this.texts);
  }

  /** The next frame that amqplib has to accept; false when there is none yet. */
  next(): Frame | false {
    for (;;) {
      const taken = this.take();
      if (taken === delivered) continue;
      if (taken !== incomplete) return taken;
      const incoming = this.connection.stream.read() as Buffer | null;
      if (incoming === null) return false;
      this.connection.recvSinceLastCheck = true;
      this.bytes = this.at < this.bytes.length ? Buffer.concat([this.bytes.subarray(this.at), incoming]) : incoming;
      this.at = 0;
    }
  }

  private take(): Frame | false | typeof incomplete | typeof delivered {
    const { bytes, at } = this;
    // What it refuses, it refuses before the frame has come; and it says why.
    if (this.isTooLarge(at)) return this.byAmqplib(bytes.length);
    const end = this.endOf(at);
    if (end === undefined) return incomplete;
    if (!this.isWhole(end)) return this.byAmqplib(end);
    if (bytes[at] === frameMethod && bytes.readUInt32BE(at + frameStart) === basicDeliver) {
      const taken = this.deliver(at, end);
      if (taken) return taken;
    }
    if (bytes[at] !== frameHeader || bytes.readUInt16BE(at + frameStart) !== basicClass) return this.byAmqplib(end);
    this.at = end;
    return {
      id: basicClass,
      channel: bytes.readUInt16BE(at + 1),
      size: this.bodySize(at),
      fields: this.properties.read(bytes, at + frameStart + flagsAt),
    };
  }

  private byAmqplib(end: number): Frame | false {
    this.connection.rest = this.bytes.subarray(this.at, end);
    this.at = end;
    return this.recvFrame();
  }

  /**
   * Only a message whose frames lie one behind the other; undefined when they do not, or when nobody consumes it (any more). The
   * frames of a message on one channel follow each other, so a delivery is never in the midst of another one's.
   */
  private deliver(method: number, header: number): typeof incomplete | typeof delivered | undefined {
    const { bytes, connection } = this;
    const number = bytes.readUInt16BE(method + 1);
    const channel = connection.channels[number]?.channel;
    if (connection.accept !== this.accept || !channel || Object.hasOwn(channel, 'accept')) return undefined;
    const body = this.endOf(header);
    if (body === undefined) return this.isTooLarge(header) ? undefined : incomplete;
    if (!this.isOf(header, frameHeader, number) || !this.isWhole(body)) return undefined;
    const size = this.bodySize(header);
    const end = size === 0 ? body : this.endOfBody(body, number, size);
    if (typeof end !== 'number') return end;
    const fields = this.fields(method + frameStart + 4);
    const consumer = channel.consumers?.get(fields.consumerTag);
    if (!consumer) return undefined;
    const properties = this.properties.read(bytes, header + frameStart + flagsAt, this.omittedHeader);
    const content = bytes.subarray(size === 0 ? end : body + frameStart, size === 0 ? end : end - 1);
    this.at = end;
    consumer({ fields, properties, content } as ConsumeMessage);
    return delivered;
  }

  /** Undefined when it is in several frames, or another frame comes first. */
  private endOfBody(start: number, channel: number, size: number): number | typeof incomplete | undefined {
    const { bytes } = this;
    if (bytes.length < start + frameStart) return incomplete;
    if (!this.isOf(start, frameBody, channel) || bytes.readUInt32BE(start + 3) !== size) return undefined;
    const end = this.endOf(start);
    if (end === undefined) return this.isTooLarge(start) ? undefined : incomplete;
    return this.isWhole(end) ? end : undefined;
  }

  private fields(from: number) {
    const { bytes, texts } = this;
    const tag = from + 1 + bytes[from]!;
    const exchange = tag + 9;
    const key = exchange + 1 + bytes[exchange]!;
    return {
      consumerTag: texts.read(bytes, from + 1, tag),
      deliveryTag: bytes.readUInt32BE(tag) * 2 ** 32 + bytes.readUInt32BE(tag + 4),
      redelivered: (bytes[tag + 8]! & 1) === 1,
      exchange: texts.read(bytes, exchange + 1, key),
      routingKey: texts.read(bytes, key + 1, key + 1 + bytes[key]!),
    };
  }

  /** Where the frame at `start` ends; undefined while its bytes are not all there. */
  private endOf(start: number): number | undefined {
    const { bytes } = this;
    if (bytes.length < start + frameStart) return undefined;
    const end = start + bytes.readUInt32BE(start + 3) + frameOverhead;
    return end <= bytes.length ? end : undefined;
  }

  private isTooLarge(start: number): boolean {
    const { bytes } = this;
    const { maxFrameSize } = this.connection;
    return maxFrameSize > 0 && bytes.length >= start + frameStart && bytes.readUInt32BE(start + 3) > maxFrameSize;
  }

  private isWhole(end: number): boolean {
    return this.bytes[end - 1] === frameEnd;
  }

  private isOf(start: number, kind: number, channel: number): boolean {
    return this.bytes[start] === kind && this.bytes.readUInt16BE(start + 1) === channel;
  }

  private bodySize(header: number): number {
    return Number(this.bytes.readBigUInt64BE(header + frameStart + bodySizeAt));
  }
}
