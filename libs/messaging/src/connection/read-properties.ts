import type { MessageProperties } from 'amqplib';
import type { KnownTexts } from './known-texts.js';

/**
 * Deeper than anybody means to: the headers, and 64 tables in each other, which is what may be sent. A reader that follows every
 * level runs out of its stack, and its connection ends.
 */
export const deepestTable = 65;

/** A message's properties, as amqplib names them. */
export interface ReadProperties extends Partial<MessageProperties> {
  /** Why its headers could not be read, as a sentence: there are none then. */
  headersFault?: string | undefined;
}

class HeadersFault extends Error {}

/** What the properties begin with says which of them there are. */
const flag = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  userId: 0x0010,
  appId: 0x0008,
  clusterId: 0x0004,
} as const;

/**
 * Reads the properties of messages to what amqplib reads them to; headers that amqplib cannot read, or only by a call of its own
 * for each of thousands of levels, are told instead of thrown. One reader is for one message at a time.
 */
export class PropertiesReader {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private omitted: string | undefined;

  constructor(private readonly texts: KnownTexts) {}

  /**
   * @param from where the flags are
   * @param omitted a header that is left out
   */
  read(bytes: Buffer, from: number, omitted?: string): ReadProperties {
    this.bytes = bytes;
    this.omitted = omitted;
    this.at = from + 2;
    const flags = bytes.readUInt16BE(from);
    // In the order of the wire.
    const contentType = flags & flag.contentType ? this.knownShort() : undefined;
    const contentEncoding = flags & flag.contentEncoding ? this.knownShort() : undefined;
    let headers: Record<string, unknown> | undefined;
    let headersFault: string | undefined;
    if (flags & flag.headers) {
      const end = this.at + 4 + bytes.readUInt32BE(this.at);
      try {
        headers = this.table(1);
      } catch (error) {
        headers = {};
        headersFault = error instanceof HeadersFault ? error.message : 'Its headers end in the midst of a value.';
      }
      this.at = end;
    }
    return {
      contentType,
      contentEncoding,
      headers,
      deliveryMode: flags & flag.deliveryMode ? this.byte() : undefined,
      priority: flags & flag.priority ? this.byte() : undefined,
      correlationId: flags & flag.correlationId ? this.short() : undefined,
      replyTo: flags & flag.replyTo ? this.knownShort() : undefined,
      expiration: flags & flag.expiration ? this.short() : undefined,
      messageId: flags & flag.messageId ? this.short() : undefined,
      timestamp: flags & flag.timestamp ? this.unsigned64() : undefined,
      type: flags & flag.type ? this.knownShort() : undefined,
      userId: flags & flag.userId ? this.knownShort() : undefined,
      appId: flags & flag.appId ? this.knownShort() : undefined,
      clusterId: flags & flag.clusterId ? this.knownShort() : undefined,
      headersFault,
    };
  }

  private table(depth: number): Record<string, unknown> {
    const end = this.endOfNested(depth);
    const table: Record<string, unknown> = {};
    while (this.at < end) {
      const name = this.knownShort();
      const value = this.value(depth);
      // The first would be what the table inherits from.
      if (name !== '__proto__' && name !== this.omitted) table[name] = value;
    }
    this.requireEnd(end);
    return table;
  }

  private array(depth: number): unknown[] {
    const end = this.endOfNested(depth);
    const values: unknown[] = [];
    while (this.at < end) values.push(this.value(depth));
    this.requireEnd(end);
    return values;
  }

  private endOfNested(depth: number): number {
    if (depth > deepestTable) throw new HeadersFault(`Its headers are nested more than ${deepestTable} deep.`);
    return this.long() + this.at;
  }

  private requireEnd(end: number): void {
    if (this.at !== end) throw new HeadersFault('Its headers are not as long as they say.');
  }

  private value(depth: number): unknown {
    const { bytes } = this;
    const type = this.byte();
    switch (type) {
      case 0x53: // S
        return this.text(this.long());
      case 0x62: // b
        return bytes.readInt8(this.move(1));
      case 0x73: // s
        return bytes.readInt16BE(this.move(2));
      case 0x49: // I
        return bytes.readInt32BE(this.move(4));
      case 0x6c: // l
        return Number(bytes.readBigInt64BE(this.move(8)));
      case 0x74: // t
        return this.byte() !== 0;
      case 0x46: // F
        return this.table(depth + 1);
      case 0x41: // A
        return this.array(depth + 1);
      case 0x56: // V
        return null;
      case 0x54: // T
        return { '!': 'timestamp', value: this.unsigned64() };
      case 0x64: // d
        return bytes.readDoubleBE(this.move(8));
      case 0x66: // f
        return bytes.readFloatBE(this.move(4));
      case 0x42: // B
        return this.byte();
      case 0x75: // u
        return bytes.readUInt16BE(this.move(2));
      case 0x69: // i
        return this.long();
      case 0x44: // D
        return { '!': 'decimal', value: { places: this.byte(), digits: this.long() } };
      case 0x78: // x
        return this.piece(this.long());
      default:
        throw new HeadersFault(`Its headers hold a value of a type that is not known, number ${type}.`);
    }
  }

  private move(bytes: number): number {
    const { at } = this;
    this.at = at + bytes;
    return at;
  }

  private byte(): number {
    return this.bytes.readUInt8(this.move(1));
  }

  private long(): number {
    return this.bytes.readUInt32BE(this.move(4));
  }

  private unsigned64(): number {
    return Number(this.bytes.readBigUInt64BE(this.move(8)));
  }

  private text(length: number): string {
    const from = this.move(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  private piece(length: number): Buffer {
    const from = this.move(length);
    return this.bytes.subarray(from, this.at);
  }

  private short(): string {
    return this.text(this.byte());
  }

  private knownShort(): string {
    const length = this.byte();
    const from = this.move(length);
    return this.texts.read(this.bytes, from, this.at);
  }
}
