import { jest } from '@jest/globals';
import type { ChannelModel } from 'amqplib';
import { PassThrough } from 'node:stream';
import { insideAmqplib } from '../../test/amqplib-insides.js';
import { passOverLateFrames } from './late-frames.js';

interface Connection {
  freshChannel(channel: object): number;
  releaseChannel(number: number): void;
}
const { Connection } = insideAmqplib('./lib/connection.js') as { Connection: new (stream: PassThrough) => Connection };

describe('The number of a channel that was closed', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  it('is not used again while the server may still send on it', () => {
    const connection = Object.assign(new Connection(new PassThrough()), { accept: () => undefined });
    passOverLateFrames({ connection } as unknown as ChannelModel);
    const open = () => connection.freshChannel({ onBufferDrain: () => undefined });
    expect([open(), open()]).toEqual([1, 2]);
    connection.releaseChannel(1);
    expect(open()).toBe(3);
    jest.advanceTimersByTime(6_000);
    expect(open()).toBe(1);
  });
});
