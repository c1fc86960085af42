import type { ChannelModel } from 'amqplib';

/** What amqplib's connection has and does not declare: a channel that was closed is null until its number is used again. */
interface Connection {
  channels: readonly (object | null | undefined)[];
  freeChannels: { set(number: number): void; clear(number: number): void };
  accept(frame: { channel: number }): void;
  releaseChannel(number: number): void;
}

/** As long as the server may take to hear that its close was heard. */
const reuseAfterMs = 5_000;

/**
 * Passes over what the server still sends on a channel that it has closed: RabbitMQ 4.3 goes on with deliveries until it has
 * the answer to its close, and amqplib would end the whole connection for a frame on a channel that it no longer knows. So that
 * no other channel gets them, the number is not used again for some seconds; amqplib would take it for the very next channel.
 */
export function passOverLateFrames({ connection }: ChannelModel): void {
  const inner = connection as unknown as Connection;
  const accept = inner.accept.bind(inner);
  inner.accept = (frame) => {
    if (inner.channels[frame.channel] !== null) accept(frame);
  };
  const release = inner.releaseChannel.bind(inner);
  inner.releaseChannel = (number) => {
    release(number);
    inner.freeChannels.set(number);
    setTimeout(() => inner.freeChannels.clear(number), reuseAfterMs).unref();
  };
}
