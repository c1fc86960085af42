import type { Channel } from 'amqplib';
import { frameOverhead } from './frame-format.js';

/** Where amqplib gathers the frames of one channel before they go to the socket, in order. */
interface FrameBuffer {
  write(bytes: Buffer): boolean;
}

/** What amqplib's connection has and does not declare. */
interface Connection {
  readonly channels: readonly ({ readonly channel: unknown; readonly buffer: FrameBuffer } | null | undefined)[];
  readonly frameMax: number;
  sentSinceLastCheck: boolean;
}

interface Internals {
  readonly ch: number;
  readonly connection: Connection;
}

/**
 * Writes frames of our own onto a channel of amqplib, in line with those that amqplib writes. It knows amqplib's insides, of the
 * version that package.json names: where they are not as they were, `usable` is false and amqplib has to do it.
 */
export class ChannelFrames {
  readonly number: number;
  private readonly connection: Connection;
  private readonly known: boolean;

  constructor(private readonly channel: Channel) {
    const { ch, connection } = channel as unknown as Internals;
    this.number = ch;
    this.connection = connection;
    this.known =
      Number.isSafeInteger(ch) &&
      typeof this.buffer?.write === 'function' &&
      typeof connection.sentSinceLastCheck === 'boolean' &&
      connection.frameMax >= 4096;
  }

  /** The largest body that fits into one frame. */
  get mostBodyBytes(): number {
    return this.connection.frameMax - frameOverhead;
  }

  /** False also while the channel or its connection is being closed: amqplib then says so when it is asked to send. */
  get usable(): boolean {
    return (
      this.known &&
      !Object.hasOwn(this.channel, 'sendMessage') &&
      !Object.hasOwn(this.connection, 'sendMessage') &&
      this.buffer !== undefined
    );
  }

  /** Whole frames, only while it is usable. @returns false when the channel is full, until it emits `drain`. */
  write(frames: Buffer): boolean {
    this.connection.sentSinceLastCheck = true;
    return this.buffer!.write(frames);
  }

  private get buffer(): FrameBuffer | undefined {
    const slot = this.connection?.channels?.[this.number];
    return slot?.channel === this.channel ? slot.buffer : undefined;
  }
}
