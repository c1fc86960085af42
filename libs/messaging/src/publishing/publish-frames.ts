import type { Options } from 'amqplib';
import {
  basicClass,
  basicPublish,
  frameBody,
  frameEnd,
  frameHeader,
  frameMethod,
  frameOverhead,
  frameStart,
} from '../connection/frame-format.js';
import type { OutgoingMessage } from './outgoing-message.js';

type Properties = Options.Publish & { headers: Record<string, unknown> };

const blockBytes = 64 * 1024;
/** Properties and headers of a message beyond this are rare, and left to amqplib. */
const mostPropertyBytes = 8 * 1024;
const mostBodyBytes = 16 * 1024;
/** For what of a message has a fixed size. */
const spareBytes = 64;
const longestShort = 255;
const mostMethods = 1_000;

/** What `OutgoingMessage` can ask for, by the bit that stands for it on the wire. */
const flag = {
  contentType: 0x8000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  appId: 0x0008,
} as const;

/**
 * Encodes publishes one behind the other, the very bytes that amqplib would write, and several of them as one piece. What is
 * unusual (a header that is no text, whole number or boolean; a large body) it leaves to amqplib.
 *
 * @param channel the number of the channel
 * @param mostBody the largest body that fits into one frame
 */
export class PublishFrames {
  private block = Buffer.allocUnsafeSlow(blockBytes);
  private from = 0;
  private at = 0;
  private readonly methods = new Map<string, Buffer>();
  private readonly names = new Map<string, Buffer>();

  constructor(
    private readonly channel: number,
    private readonly mostBody: number,
  ) {}

  /** @returns false when it is left to amqplib; nothing was added then. */
  add(message: OutgoingMessage, properties: Properties): boolean {
    const { body } = message;
    if (body.length > mostBodyBytes || body.length > this.mostBody) return false;
    const method = this.methodOf(message);
    if (!method) return false;
    this.makeRoom(method.length + mostPropertyBytes + body.length + spareBytes);
    const before = this.at;
    method.copy(this.block, before);
    const end = this.putProperties(before + method.length, properties, body.length);
    if (end === undefined) return false;
    this.at = this.putBody(end, body);
    return true;
  }

  /** Takes what was added; undefined when nothing was. */
  take(): Buffer | undefined {
    if (this.at === this.from) return undefined;
    const taken = this.block.subarray(this.from, this.at);
    this.from = this.at;
    return taken;
  }

  /** What was taken may still be on its way to the socket, so its bytes are never written to again. */
  private makeRoom(bytes: number): void {
    if (this.block.length - this.at >= bytes) return;
    const kept = this.block.subarray(this.from, this.at);
    this.block = Buffer.allocUnsafeSlow(Math.max(blockBytes, kept.length * 2 + bytes));
    kept.copy(this.block);
    this.from = 0;
    this.at = kept.length;
  }

  private methodOf({ exchange, routingKey, mandatory }: OutgoingMessage): Buffer | undefined {
    const key = `${mandatory ? 'm' : '-'}${exchange.length} ${exchange}${routingKey}`;
    const known = this.methods.get(key);
    if (known) return known;
    const made = methodFrame(this.channel, exchange, routingKey, mandatory === true);
    if (!made) return undefined;
    if (this.methods.size >= mostMethods) this.methods.clear();
    this.methods.set(key, made);
    return made;
  }

  private putProperties(start: number, properties: Properties, bodyBytes: number): number | undefined {
    const { block } = this;
    const most = start + mostPropertyBytes;
    let at = start + frameStart + 14; // behind class, weight, size of the body, and flags
    let flags = flag.headers | flag.deliveryMode;
    if (properties.contentType !== undefined) {
      flags |= flag.contentType;
      at = this.putShort(at, properties.contentType, most);
    }
    if (at === overflow) return undefined;
    at = this.putHeaders(at, properties.headers, most);
    if (at === overflow) return undefined;
    block[at++] = properties.persistent ? 2 : 1;
    if (properties.priority !== undefined) {
      flags |= flag.priority;
      block[at++] = properties.priority;
    }
    if (properties.correlationId !== undefined) {
      flags |= flag.correlationId;
      at = this.putShort(at, properties.correlationId, most);
    }
    if (properties.replyTo !== undefined) {
      flags |= flag.replyTo;
      at = this.putShort(at, properties.replyTo, most);
    }
    if (properties.messageId !== undefined) {
      flags |= flag.messageId;
      at = this.putShort(at, properties.messageId, most);
    }
    if (at === overflow) return undefined;
    if (properties.timestamp !== undefined) {
      const { timestamp } = properties;
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) return undefined;
      flags |= flag.timestamp;
      block.writeUInt32BE(Math.floor(timestamp / 2 ** 32), at);
      block.writeUInt32BE(timestamp % 2 ** 32, at + 4);
      at += 8;
    }
    if (properties.type !== undefined) {
      flags |= flag.type;
      at = this.putShort(at, properties.type, most);
    }
    if (properties.appId !== undefined) {
      flags |= flag.appId;
      at = this.putShort(at, properties.appId, most);
    }
    if (at === overflow) return undefined;
    this.putFrameStart(start, frameHeader, at - start - frameStart);
    block.writeUInt16BE(basicClass, start + frameStart);
    block.writeUInt16BE(0, start + frameStart + 2);
    block.writeUInt32BE(0, start + frameStart + 4);
    block.writeUInt32BE(bodyBytes, start + frameStart + 8);
    block.writeUInt16BE(flags, start + frameStart + 12);
    block[at] = frameEnd;
    return at + 1;
  }

  private putHeaders(start: number, headers: Record<string, unknown>, most: number): number {
    let at = start + 4;
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined) continue;
      const bytes = this.nameOf(name);
      if (!bytes || at + bytes.length + 16 > most) return overflow;
      at += bytes.copy(this.block, at);
      at = this.putValue(at, value, most);
      if (at === overflow) return overflow;
    }
    this.block.writeUInt32BE(at - start - 4, start);
    return at;
  }

  /** Types as amqplib chooses them. */
  private putValue(at: number, value: unknown, most: number): number {
    const { block } = this;
    switch (typeof value) {
      case 'string': {
        if (at + 5 + value.length * 3 > most) return overflow;
        block[at] = 0x53; // S
        const bytes = block.write(value, at + 5);
        block.writeUInt32BE(bytes, at + 1);
        return at + 5 + bytes;
      }
      case 'boolean':
        block[at] = 0x74; // t
        block[at + 1] = value ? 1 : 0;
        return at + 2;
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? this.putNumber(at, value) : overflow;
      default:
        return overflow;
    }
  }

  private putNumber(at: number, value: number): number {
    const { block } = this;
    if (value >= -0x80 && value < 0x80) {
      block[at] = 0x62; // b
      return block.writeInt8(value, at + 1);
    }
    if (value >= -0x8000 && value < 0x8000) {
      block[at] = 0x73; // s
      return block.writeInt16BE(value, at + 1);
    }
    if (value >= -0x8000_0000 && value < 0x8000_0000) {
      block[at] = 0x49; // I
      return block.writeInt32BE(value, at + 1);
    }
    block[at] = 0x6c; // l
    return block.writeBigInt64BE(BigInt(value), at + 1);
  }

  /** The names of headers come from a handful. */
  private nameOf(name: string): Buffer | undefined {
    const known = this.names.get(name);
    if (known) return known;
    const bytes = Buffer.from(`\0${name}`);
    if (bytes.length > longestShort + 1) return undefined;
    bytes[0] = bytes.length - 1;
    if (this.names.size < mostMethods) this.names.set(name, bytes);
    return bytes;
  }

  private putShort(at: number, text: string, most: number): number {
    if (at === overflow || at + 1 + text.length * 3 > most) return overflow;
    const bytes = this.block.write(text, at + 1);
    if (bytes > longestShort) return overflow;
    this.block[at] = bytes;
    return at + 1 + bytes;
  }

  private putBody(at: number, body: Buffer): number {
    if (body.length === 0) return at;
    this.putFrameStart(at, frameBody, body.length);
    body.copy(this.block, at + frameStart);
    const end = at + frameStart + body.length;
    this.block[end] = frameEnd;
    return end + 1;
  }

  private putFrameStart(at: number, kind: number, size: number): void {
    this.block[at] = kind;
    this.block.writeUInt16BE(this.channel, at + 1);
    this.block.writeUInt32BE(size, at + 3);
  }
}

/** In place of a position: it does not fit, or is not known here. */
const overflow = -1;

/** The frame of `basic.publish`; undefined when a name is too long for it. */
function methodFrame(channel: number, exchange: string, routingKey: string, mandatory: boolean): Buffer | undefined {
  const names = [exchange, routingKey].map((name) => Buffer.from(name));
  if (names.some(({ length }) => length > longestShort)) return undefined;
  const start = Buffer.alloc(frameStart + 6); // and the method's number, and two bytes that mean nothing any more
  const shorts = names.flatMap((name) => [Buffer.from([name.length]), name]);
  const frame = Buffer.concat([start, ...shorts, Buffer.from([mandatory ? 1 : 0, frameEnd])]);
  frame[0] = frameMethod;
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(frame.length - frameOverhead, 3);
  frame.writeUInt32BE(basicPublish, frameStart);
  return frame;
}
