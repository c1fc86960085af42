import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { longBytes, shortText, uint16, uint32, uint64 } from './amqp-values.js';
import { encodeProperties, type RawProperties } from './raw-properties.js';

/** A message as it goes over the wire. */
export interface RawMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: RawProperties;
  readonly body: Buffer;
}

const methodFrame = 1;
const headerFrame = 2;
const bodyFrame = 3;
const largestBodyFrame = 100_000;

const startOk = method(10, 11);
const tuneOk = method(10, 31);
const open = method(10, 40);

/**
 * Publishes messages byte for byte, with confirms: what no client library would write, since it converts or refuses.
 * It writes frames and reads methods, no more.
 *
 * @example
 * const publisher = await RawPublisher.connect(vhost.amqpUrl);
 * publisher.publish({ exchange: 'tasks', routingKey: 'email.odd', properties: { headers: fields([['x', amqp.nothing()]]) }, body });
 * await publisher.confirmed();
 */
export class RawPublisher {
  private received = Buffer.alloc(0);
  private published = 0n;
  private confirmedUpTo = 0n;
  private single = new Set<bigint>();
  private fault: Error | undefined;
  private answers: string[] = [];
  private wake: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', (error) => this.end(error));
    socket.on('close', () => this.end(new Error('The broker closed the connection.')));
  }

  static async connect(url: string): Promise<RawPublisher> {
    const { hostname, port, username, password, pathname } = new URL(url);
    const socket = connect(Number(port || 5672), hostname);
    await once(socket, 'connect');
    const publisher = new RawPublisher(socket);
    const credentials = Buffer.from(`\0${decodeURIComponent(username)}\0${decodeURIComponent(password)}`);
    socket.write(Buffer.concat([Buffer.from('AMQP'), Buffer.from([0, 0, 9, 1])]));
    await publisher.untilAnswer('10.10');
    publisher.call(0, startOk, uint32(0), shortText('PLAIN'), longBytes(credentials), shortText('en_US'));
    await publisher.untilAnswer('10.30');
    publisher.call(0, tuneOk, uint16(1), uint32(131_072), uint16(0));
    const vhost = decodeURIComponent(pathname.slice(1));
    publisher.call(0, open, shortText(vhost), shortText(''), Buffer.from([0]));
    await publisher.untilAnswer('10.41');
    publisher.call(1, method(20, 10), shortText(''));
    await publisher.untilAnswer('20.11');
    publisher.call(1, method(85, 10), Buffer.from([0]));
    await publisher.untilAnswer('85.11');
    return publisher;
  }

  /** Writes it; {@link confirmed} says whether the broker has it. */
  publish({ exchange, routingKey, properties, body }: RawMessage): void {
    this.published += 1n;
    this.call(1, method(60, 40), uint16(0), shortText(exchange), shortText(routingKey), Buffer.from([0]));
    const size = uint64(BigInt(body.length));
    this.write(headerFrame, 1, Buffer.concat([uint16(60), uint16(0), size, encodeProperties(properties)]));
    for (let from = 0; from < body.length; from += largestBodyFrame)
      this.write(bodyFrame, 1, body.subarray(from, from + largestBodyFrame));
  }

  /** Resolves when the broker has confirmed everything. @throws {Error} it refused something and closed the channel. */
  async confirmed(): Promise<void> {
    await this.until(() => this.confirmedUpTo >= this.published);
  }

  async close(): Promise<void> {
    this.socket.destroy();
    if (!this.socket.closed) await once(this.socket, 'close');
  }

  private call(channel: number, ...parts: Buffer[]): void {
    this.write(methodFrame, channel, Buffer.concat(parts));
  }

  private write(type: number, channel: number, payload: Buffer): void {
    const end = Buffer.from([0xce]);
    this.socket.write(Buffer.concat([Buffer.from([type]), uint16(channel), uint32(payload.length), payload, end]));
  }

  private untilAnswer(name: string): Promise<void> {
    return this.until(() => this.answers.includes(name));
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.fault) throw this.fault;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private end(error: Error): void {
    this.fault ??= error;
    this.wake();
  }

  private receive(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    while (this.received.length >= 7) {
      const size = this.received.readUInt32BE(3);
      if (this.received.length < size + 8) break;
      if (this.received[0] === methodFrame) this.answered(this.received.subarray(7, 7 + size));
      this.received = this.received.subarray(size + 8);
    }
    this.wake();
  }

  private answered(payload: Buffer): void {
    const name = `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}`;
    if (name === '60.80') this.confirm(payload.readBigUInt64BE(4), payload[12] === 1);
    else if (name === '60.120')
      this.end(new Error('The broker refused a message: a queue is full or cannot store it.'));
    else if (name === '20.40' || name === '10.50') this.end(new Error(`The broker closed it: ${reasonIn(payload)}`));
    else this.answers.push(name);
  }

  private confirm(tag: bigint, multiple: boolean): void {
    if (multiple && tag > this.confirmedUpTo) this.confirmedUpTo = tag;
    else if (!multiple) this.single.add(tag);
    while (this.single.delete(this.confirmedUpTo + 1n)) this.confirmedUpTo += 1n;
  }
}

function method(classId: number, methodId: number): Buffer {
  return Buffer.concat([uint16(classId), uint16(methodId)]);
}

const reasonIn = (payload: Buffer): string => payload.toString('utf8', 7, 7 + payload.readUInt8(6));
