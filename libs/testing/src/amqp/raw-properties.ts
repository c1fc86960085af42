import { shortText, uint16, uint64 } from './amqp-values.js';

/** The properties of a message; texts may be any bytes. `headers` are {@link fields}. */
export interface RawProperties {
  contentType?: string | Buffer;
  contentEncoding?: string | Buffer;
  headers?: Buffer;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string | Buffer;
  replyTo?: string | Buffer;
  expiration?: string;
  messageId?: string | Buffer;
  timestamp?: bigint;
  type?: string | Buffer;
  userId?: string;
  appId?: string | Buffer;
  clusterId?: string | Buffer;
}

/** In the order of AMQP, from the flags' highest bit. */
const order = [
  'contentType',
  'contentEncoding',
  'headers',
  'deliveryMode',
  'priority',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'timestamp',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const satisfies readonly (keyof RawProperties)[];

/** The flags that say which properties are there, and those. */
export function encodeProperties(properties: RawProperties): Buffer {
  const given = order.filter((name) => properties[name] !== undefined);
  const flags = given.reduce((sum, name) => sum | (0x8000 >> order.indexOf(name)), 0);
  return Buffer.concat([uint16(flags), ...given.map((name) => encode(name, properties[name]))]);
}

function encode(name: keyof RawProperties, value: RawProperties[keyof RawProperties]): Buffer {
  if (typeof value === 'number') return Buffer.from([value]);
  if (typeof value === 'bigint') return uint64(value);
  if (name === 'headers') return value as Buffer;
  return shortText(value as string | Buffer);
}
