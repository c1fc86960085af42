export interface Ack {
  readonly tag: number;
  /** Also everything below it that is open. */
  readonly multiple: boolean;
}

const frameMethod = 1;
const basicAck = 0x003c_0050;
const payloadBytes = 13;
const frameEnd = 0xce;
const frameBytes = 7 + payloadBytes + 1;

/** Acks one behind the other, the very bytes that amqplib would write, as one piece. */
export function ackFrames(channel: number, acks: readonly Ack[]): Buffer {
  const frames = Buffer.allocUnsafe(acks.length * frameBytes);
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
