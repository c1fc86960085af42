import { basicAck, frameEnd, frameMethod, frameOverhead } from '../connection/frame-format.js';

export interface Ack {
  readonly tag: number;
  /** Also everything below it that is open. */
  readonly multiple: boolean;
}

/** The method, a tag of eight bytes, and whether it is for all below. */
const payloadBytes = 4 + 8 + 1;

/** Acks one behind the other, the very bytes that amqplib would write, as one piece. */
export function ackFrames(channel: number, acks: readonly Ack[]): Buffer {
  const frames = Buffer.allocUnsafe(acks.length * (frameOverhead + payloadBytes));
  let at = 0;
  for (const { tag, multiple } of acks) {
    at = frames.writeUInt8(frameMethod, at);
    at = frames.writeUInt16BE(channel, at);
    at = frames.writeUInt32BE(payloadBytes, at);
    at = frames.writeUInt32BE(basicAck, at);
    at = frames.writeUInt32BE(Math.floor(tag / 2 ** 32), at);
    at = frames.writeUInt32BE(tag % 2 ** 32, at);
    at = frames.writeUInt8(multiple ? 1 : 0, at);
    at = frames.writeUInt8(frameEnd, at);
  }
  return frames;
}
