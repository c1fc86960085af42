import type { ConfirmChannel as AmqpConfirmChannel } from 'amqplib';
import { EventEmitter } from 'node:events';
import { ConfirmChannel } from './confirm-channel.js';
import { messageProperties } from './message-properties.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { PendingPublish } from './pending-publish.js';

/** As much of a channel of amqplib as is touched; what is written to it, in its order. */
class FakeChannel extends EventEmitter {
  readonly ch = 3;
  readonly written: string[] = [];
  full = false;
  readonly connection: object;

  constructor(known = true) {
    super();
    const buffer = { write: (bytes: Buffer) => this.write(namesIn(bytes)) };
    const channels = [null, null, null, { channel: this, buffer }];
    this.connection = known ? { channels, frameMax: 131_072, sentSinceLastCheck: false } : {};
  }

  publish(_exchange: string, routingKey: string): boolean {
    return this.write(`amqplib: ${routingKey}`);
  }

  private write(what: string): boolean {
    this.written.push(what);
    return !this.full;
  }
}

/** The routing keys in frames of publishes. */
const namesIn = (frames: Buffer): string => (frames.toString('latin1').match(/key-\w+/g) ?? []).join(' ');

const owner = { settled: () => undefined, roomAgain: () => undefined, closed: () => undefined };
const limits = { confirmWindow: 1_000, replaceChannelSeconds: 60 };
const open = (fake: FakeChannel) => new ConfirmChannel(fake as unknown as AmqpConfirmChannel, limits, owner);
const tick = () => new Promise((resolve) => setImmediate(resolve));

function send(channel: ConfirmChannel, name: string, more: Partial<OutgoingMessage> = {}): void {
  const message = { exchange: 'e', routingKey: `key-${name}`, body: Buffer.from('{}'), ...more };
  channel.send(
    new PendingPublish(
      message,
      messageProperties(message),
      undefined,
      () => undefined,
      () => undefined,
    ),
  );
}

const unusual = { headers: { table: { a: 1 } } };

describe('A channel with confirms', () => {
  it('writes what is published in one tick as one piece', async () => {
    const fake = new FakeChannel();
    const channel = open(fake);
    for (const name of ['a', 'b', 'c']) send(channel, name);
    expect(fake.written).toEqual([]);
    await tick();
    send(channel, 'd');
    await tick();
    expect(fake.written).toEqual(['key-a key-b key-c', 'key-d']);
  });

  it('keeps the order of what it writes itself and what it leaves to amqplib', async () => {
    const fake = new FakeChannel();
    const channel = open(fake);
    send(channel, 'a');
    send(channel, 'b', unusual);
    send(channel, 'c');
    await tick();
    expect(fake.written).toEqual(['key-a', 'amqplib: key-b', 'key-c']);
  });

  it('has no room from when the channel is full until it drains', async () => {
    for (const more of [{}, unusual]) {
      const fake = new FakeChannel();
      const channel = open(fake);
      fake.full = true;
      send(channel, 'a', more);
      await tick();
      expect(channel.hasRoom).toBe(false);
      fake.full = false;
      send(channel, 'b', more); // what was accepted meanwhile does not make room
      await tick();
      expect(channel.hasRoom).toBe(false);
      fake.emit('drain');
      expect(channel.hasRoom).toBe(true);
    }
  });

  it('leaves all to amqplib whose insides are not as expected, or that is closing', async () => {
    const closing = new FakeChannel();
    Object.assign(closing, { sendMessage: () => undefined });
    const connectionClosing = new FakeChannel();
    Object.assign(connectionClosing.connection, { sendMessage: () => undefined });
    for (const fake of [new FakeChannel(false), closing, connectionClosing]) {
      send(open(fake), 'a');
      expect(fake.written).toEqual(['amqplib: key-a']);
    }
  });

  it('writes nothing more to a channel that was closed in the same tick', async () => {
    const fake = new FakeChannel();
    const channel = open(fake);
    send(channel, 'a');
    Object.assign(fake.connection, { channels: [] });
    fake.emit('close');
    await tick();
    expect(fake.written).toEqual([]);
  });
});
