/** A value of a header as it stands on the wire: its type's letter, then its bytes. */
export type AmqpValue = Buffer;

const number = (size: number, write: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
};

export const uint16 = (value: number): Buffer => number(2, (bytes) => bytes.writeUInt16BE(value));
export const uint32 = (value: number): Buffer => number(4, (bytes) => bytes.writeUInt32BE(value));
export const uint64 = (value: bigint): Buffer => number(8, (bytes) => bytes.writeBigUInt64BE(value));

/** At most 255 bytes, which need not be UTF-8. */
export function shortText(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export const longBytes = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes]);

/** The fields of a table without its type's letter, as a message's headers are. */
export const fields = (entries: readonly (readonly [name: string | Buffer, value: AmqpValue])[]): Buffer =>
  longBytes(Buffer.concat(entries.flatMap(([name, value]) => [shortText(name), value])));

const tagged = (letter: string, bytes: Buffer): AmqpValue => Buffer.concat([Buffer.from(letter), bytes]);

/** Every type of a header's value that RabbitMQ knows, exactly as asked for: clients choose, or cannot write some of them. */
export const amqp = {
  text: (text: string | Buffer) => tagged('S', longBytes(Buffer.from(text as string))),
  bytes: (bytes: Buffer) => tagged('x', longBytes(bytes)),
  boolean: (value: boolean) => tagged('t', Buffer.from([value ? 1 : 0])),
  int8: (value: number) => tagged('b', Buffer.from([value])),
  uint8: (value: number) => tagged('B', Buffer.from([value])),
  int16: (value: number) =>
    tagged(
      's',
      number(2, (bytes) => bytes.writeInt16BE(value)),
    ),
  uint16: (value: number) => tagged('u', uint16(value)),
  int32: (value: number) =>
    tagged(
      'I',
      number(4, (bytes) => bytes.writeInt32BE(value)),
    ),
  uint32: (value: number) => tagged('i', uint32(value)),
  int64: (value: bigint) =>
    tagged(
      'l',
      number(8, (bytes) => bytes.writeBigInt64BE(value)),
    ),
  float: (value: number) =>
    tagged(
      'f',
      number(4, (bytes) => bytes.writeFloatBE(value)),
    ),
  double: (value: number) =>
    tagged(
      'd',
      number(8, (bytes) => bytes.writeDoubleBE(value)),
    ),
  decimal: (places: number, digits: number) => tagged('D', Buffer.concat([Buffer.from([places]), uint32(digits)])),
  timestamp: (seconds: bigint) => tagged('T', uint64(seconds)),
  nothing: () => tagged('V', Buffer.alloc(0)),
  array: (...values: AmqpValue[]) => tagged('A', longBytes(Buffer.concat(values))),
  table: (entries: Parameters<typeof fields>[0]) => tagged('F', fields(entries)),
} as const;
