import type { Broker, Delivery } from '@mentorhub/messaging';
import { jest } from '@jest/globals';
import { QueueLane } from './queue-lane.js';

type Deliver = (delivery: Delivery) => void;
const consumer = { active: true, resize: () => undefined, cancel: () => Promise.resolve() };

describe('The lane of a queue', () => {
  it('starts thousands that wait at once without a place, and as many at a time as it may afterwards', async () => {
    const broker = { consume: ({ onDelivery }: { onDelivery: Deliver }) => ((deliver = onDelivery), consumer) };
    let deliver: Deliver | undefined;
    let [inside, most, done] = [0, 0, 0];
    let mayStart = false;
    const turn = Promise.withResolvers<void>();
    const lane = new QueueLane({
      queue: 'work',
      concurrency: 2,
      mayStart: () => mayStart,
      process: async (_delivery, waitWithoutPlace) => {
        await waitWithoutPlace(turn.promise);
        most = Math.max(most, (inside += 1));
        await Promise.resolve();
        inside -= 1;
        done += 1;
      },
    });
    lane.start(broker as unknown as Broker);
    for (let n = 0; n < 5_000; n += 1) deliver?.({ body: Buffer.alloc(1), channelOpen: true } as Delivery);
    mayStart = true;
    lane.resume();
    turn.resolve();
    await lane.stop();
    expect({ done, most }).toEqual({ done: 5_000, most: 2 });
  });

  it('holds a bounded part of the queue, however its pace changes', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const ended = new Map<number, () => void>();
      let [fetched, finished, room] = [0, 0, 0];
      let deliver: Deliver | undefined;
      // As RabbitMQ does it: a new prefetch is for a new consumer, and what is unacked counts no longer.
      const fetch = (more: number) => {
        for (room = more; room > 0; room -= 1)
          deliver?.({ body: Buffer.alloc(1), channelOpen: true, messageId: String(fetched++) } as Delivery);
      };
      let wanted: number | undefined;
      const resizing = { ...consumer, resize: (to: number) => (wanted = to) };
      const broker = {
        consume: ({ onDelivery }: { onDelivery: Deliver }) => ((deliver = onDelivery), resizing),
      } as unknown as Broker;
      const lane = new QueueLane({
        queue: 'work',
        concurrency: 10,
        mayStart: () => true,
        process: ({ messageId }) => new Promise<void>((resolve) => ended.set(Number(messageId), resolve)),
      });
      lane.start(broker);
      fetch(20);
      let most = 0;
      const finish = async (ms: number) => {
        const [[n, end] = []] = ended;
        if (n === undefined) return;
        ended.delete(n);
        jest.advanceTimersByTime(ms);
        end?.();
        finished += 1;
        await new Promise(setImmediate);
        if (wanted !== undefined) fetch(wanted);
        else if (ended.size < 10) fetch(1);
        wanted = undefined;
        most = Math.max(most, fetched - finished);
      };
      for (let cycle = 0; cycle < 20; cycle += 1) {
        for (let n = 0; n < 500; n += 1) await finish(0.2);
        for (let n = 0; n < 10; n += 1) await finish(n === 0 ? 5_000 : 0);
      }
      expect(most).toBeLessThan(8_000);
      for (const end of ended.values()) end();
    } finally {
      jest.useRealTimers();
    }
  });

  it('keeps nothing of a connection that is lost while nothing may start', async () => {
    let deliver: Deliver | undefined;
    const broker = { consume: ({ onDelivery }: { onDelivery: Deliver }) => ((deliver = onDelivery), consumer) };
    const process = () => Promise.resolve();
    const lane = new QueueLane({ queue: 'work', concurrency: 1, mayStart: () => false, process });
    lane.start(broker as unknown as Broker);
    const handedBack: string[] = [];
    for (const wave of ['first', 'second', 'third']) {
      const connection = { open: true };
      for (let n = 0; n < 3; n += 1)
        deliver?.({
          body: Buffer.alloc(1),
          get channelOpen() {
            return connection.open;
          },
          handBack: () => void handedBack.push(wave),
        } as unknown as Delivery);
      connection.open = wave === 'third';
    }
    await lane.stop();
    expect(handedBack).toEqual(['third', 'third', 'third']);
  });

  it('hands back what still comes after it was stopped', async () => {
    let deliver: Deliver | undefined;
    const broker = {
      consume: ({ onDelivery }: { onDelivery: Deliver }) => ((deliver = onDelivery), consumer),
    } as unknown as Broker;
    let started = 0;
    const process = () => Promise.resolve(void (started += 1));
    const lane = new QueueLane({ queue: 'work', concurrency: 1, mayStart: () => true, process });
    lane.start(broker);
    await lane.stop();
    let handedBack = 0;
    deliver?.({
      body: Buffer.alloc(1),
      channelOpen: true,
      handBack: () => void (handedBack += 1),
    } as unknown as Delivery);
    expect({ started, handedBack }).toEqual({ started: 0, handedBack: 1 });
  });
});
