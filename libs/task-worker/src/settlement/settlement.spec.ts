import { jest } from '@jest/globals';
import type { Delivery, OutgoingMessage } from '@mentorhub/messaging';
import type { TaskEvent } from '@mentorhub/task-store';
import { setImmediate as tick } from 'node:timers/promises';
import { Settlement } from './settlement.js';

const nothing = () => undefined;

/** A settlement whose broker confirms when the test says so. */
function settling(idle: boolean) {
  const sent: { message: OutgoingMessage; confirm: () => void }[] = [];
  const acked: number[] = [];
  const publish = (message: OutgoingMessage) => new Promise<void>((confirm) => sent.push({ message, confirm }));
  const settlement = new Settlement({
    publisher: { publish, ready: true, hasRoom: true, crowded: false },
    store: { publishLater: async () => undefined },
    exchange: 'task-events',
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing } as never,
    idle: () => idle,
  });
  const add = (n: number, told = true) =>
    settlement.add(
      { ack: () => acked.push(n) } as unknown as Delivery,
      told ? ({ taskId: String(n) } as TaskEvent) : undefined,
    );
  const toldIn = (index: number) =>
    (JSON.parse(sent[index]!.message.body.toString()) as TaskEvent[]).map(({ taskId }) => Number(taskId));
  return { settlement, sent, acked, add, toldIn };
}

describe('Settling in groups', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells what gathers while something runs in one message, within some milliseconds', async () => {
    const { add, sent, acked, toldIn, settlement } = settling(false);
    for (const n of [1, 2, 3]) {
      add(n);
      await tick();
    }
    expect(sent).toEqual([]);
    jest.advanceTimersByTime(20);
    expect(toldIn(0)).toEqual([1, 2, 3]);
    expect(acked).toEqual([]);
    sent[0]?.confirm();
    await settlement.drain();
    expect(acked).toEqual([1, 2, 3]);
  });

  it('waits for nothing when nothing runs', async () => {
    const { add, sent, toldIn } = settling(true);
    add(1);
    add(2);
    await tick();
    expect(toldIn(0)).toEqual([1, 2]);
    expect(sent).toHaveLength(1);
  });

  it('lets no group grow beyond 500, nor wait for the confirm of the one before', async () => {
    const { add, sent, toldIn } = settling(false);
    for (let n = 0; n < 1_001; n += 1) add(n);
    expect(sent).toHaveLength(2);
    expect(toldIn(1)).toHaveLength(500);
  });

  it('acks at once what has nothing to tell', async () => {
    const { add, sent, acked, settlement } = settling(true);
    add(1, false);
    await settlement.drain();
    expect(acked).toEqual([1]);
    expect(sent).toEqual([]);
  });

  it('is drained when everything is durable and acked', async () => {
    const { add, sent, acked, settlement } = settling(false);
    add(1);
    let drained = false;
    const draining = settlement.drain().then(() => (drained = true));
    await tick();
    expect(drained).toBe(false);
    sent[0]?.confirm();
    await draining;
    expect(acked).toEqual([1]);
  });
});
