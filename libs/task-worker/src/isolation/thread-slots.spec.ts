import { ThreadPoolClosedError } from './thread-errors.js';
import { ThreadSlots } from './thread-slots.js';

describe('The slots of a pool', () => {
  const settle = () => new Promise(setImmediate);

  it('are given first come, first served, never more than there are', async () => {
    const slots = new ThreadSlots(2);
    const order: number[] = [];
    const take = async (n: number) => {
      const release = await slots.take();
      order.push(n);
      return release;
    };
    const [first, , third] = [take(1), take(2), take(3), take(4)];
    await settle();
    expect(order).toEqual([1, 2]);
    const release = await first;
    release();
    release();
    await settle();
    expect(order).toEqual([1, 2, 3]);
    (await third)();
    await settle();
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('turn away who waits, and who comes later, once they are closed', async () => {
    const slots = new ThreadSlots(1);
    const release = await slots.take();
    const waiting = slots.take();
    slots.close();
    await expect(waiting).rejects.toBeInstanceOf(ThreadPoolClosedError);
    await expect(slots.take()).rejects.toBeInstanceOf(ThreadPoolClosedError);
    release();
  });
});
