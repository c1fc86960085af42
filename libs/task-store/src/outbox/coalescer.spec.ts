import { Coalescer } from './coalescer.js';

describe('Gathering work', () => {
  it('hands what is added in one tick to one run', async () => {
    const batches: number[][] = [];
    const coalescer = new Coalescer<number>(async (batch) => void batches.push(batch));
    coalescer.add([1, 2]);
    coalescer.add([3]);
    await coalescer.settled();
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('gathers during a run for the next one, and never runs two at once', async () => {
    const batches: number[][] = [];
    let running = 0;
    const coalescer = new Coalescer<number>(async (batch) => {
      expect((running += 1)).toBe(1);
      batches.push(batch);
      if (batch[0] === 1) coalescer.add([2, 3]);
      await new Promise(setImmediate);
      running -= 1;
    });
    coalescer.add([1]);
    await coalescer.settled();
    expect(batches).toEqual([[1], [2, 3]]);
  });

  it('begins no run sooner than the interval after the one before, and the first at once', async () => {
    const batches: { at: number; batch: number[] }[] = [];
    const coalescer = new Coalescer<number>(async (batch) => void batches.push({ at: performance.now(), batch }), 500);
    coalescer.add([1]);
    await coalescer.settled();
    coalescer.add([2]);
    await new Promise(setImmediate);
    coalescer.add([3]);
    await coalescer.settled();
    expect(batches.map(({ batch }) => batch)).toEqual([[1], [2, 3]]);
    expect(batches[1]!.at - batches[0]!.at).toBeGreaterThan(450);
  });

  it('goes on after a run that threw', async () => {
    const batches: number[][] = [];
    const coalescer = new Coalescer<number>(async (batch) => {
      if (batch[0] === 1) throw new Error('first');
      batches.push(batch);
    });
    coalescer.add([1]);
    await expect(coalescer.settled()).rejects.toThrow('first');
    coalescer.add([2]);
    await coalescer.settled();
    expect(batches).toEqual([[2]]);
  });
});
