import { inParallel, openLoop, saturate } from './load.mjs';

describe('Load', () => {
  it('keeps as many calls under way as the window is wide, and no more', async () => {
    let [underWay, most] = [0, 0];
    await inParallel(20, 4, async () => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay -= 1;
    });
    expect(most).toBe(4);
  });

  it('calls once for each number', async () => {
    const seen = [];
    await inParallel(5, 3, async (n) => seen.push(n));
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('counts the units of calls that ended', async () => {
    const work = () => new Promise(setImmediate);
    const { value } = await saturate({ width: 2, seconds: 0.05, warmUpSeconds: 0.01, unitsPerCall: 1000, work });
    expect(value).toBeGreaterThan(1000);
  });

  it('fails at once when a call fails', async () => {
    const work = () => Promise.reject(new Error('away'));
    await expect(saturate({ width: 2, seconds: 60, warmUpSeconds: 60, work })).rejects.toThrow('away');
  });

  it('in an open loop makes all calls though none of them has ended', async () => {
    let calls = 0;
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    const work = () => (++calls === 50 && end(), ended);
    expect(await openLoop({ perSecond: 1000, seconds: 0.05, work })).toMatchObject({ sent: 50 });
  });
});
