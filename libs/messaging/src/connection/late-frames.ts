import type { ChannelModel } from 'amqplib';

/** What amqplib's connection has and does not declare: a channel that was closed is null until its number is used again. */
interface Connection {
  channels: readonly (object | null | undefined)[];
  accept(frame: { channel: number }): void;
}

/**
 * Passes over what the server still sends on a channel that it has closed: RabbitMQ 4.3 goes on with deliveries until it has
 * the answer to its close, and amqplib would end the whole connection for a frame on a channel that it no longer knows.
 */
export function passOverLateFrames({ connection }: ChannelModel): void {
  const inner = connection as unknown as Connection;
  const accept = inner.accept.bind(inner);
  inner.accept = (frame) => {
    if (inner.channels[frame.channel] !== null) accept(frame);
  };
}
