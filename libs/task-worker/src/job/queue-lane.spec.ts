import type { Broker, Delivery } from '@mentorhub/messaging';
import { QueueLane } from './queue-lane.js';

describe('The lane of a queue', () => {
  it('hands back what still comes after it was stopped', async () => {
    let deliver: ((delivery: Delivery) => void) | undefined;
    const consumer = { active: true, resize: () => undefined, cancel: () => Promise.resolve() };
    const broker = {
      consume: ({ onDelivery }: { onDelivery: (delivery: Delivery) => void }) => ((deliver = onDelivery), consumer),
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
